import { Refusal } from '../../errors.ts';
import { parsePackageName, parseVersion, unscoped } from '../../packages/package-name.ts';
import { badArchive } from '../../releases/archive/bad-archive.ts';
import { isJsonObject, type Json, type JsonObject } from '../../strict-json.ts';
import type { InspectedArchive } from './inspect-archive.ts';

/**
 * What npm's clients need from a package.json, in the one spelling they expect in an index: the client that
 * publishes normalises its own copy the same way. The archive is the only source.
 */
export type Manifest = JsonObject & { readonly name: string; readonly version: string };

/**
 * Members that say something about the machine or the tool of whoever published, or that are the registry's
 * to say. Those that begin with `_` are npm's own too.
 */
const notOfThePackage = [
  'dist',
  'readme',
  'readmeFilename',
  'gitHead',
  'deprecated',
  'maintainers',
  'hasInstallScript',
  'hasShrinkwrap',
];

/** The normalised manifest of an archive. Throws `bad_archive` for one that no client could install. */
export function manifestOf(archive: InspectedArchive): Manifest {
  const source = Object.fromEntries(
    Object.entries(archive.manifest).filter(
      ([key]) => !key.startsWith('_') && !notOfThePackage.includes(key),
    ),
  );
  try {
    const name = parsePackageName(source['name']);
    const version = parseVersion(source['version']);
    return compact({
      ...source,
      name,
      version,
      ...dependenciesOf(source),
      bin: binariesOf(
        source,
        name,
        archive.files.map((file) => file.path),
      ),
      repository: repositoryOf(source['repository']),
      author: personOf(source['author']),
      scripts: stringMap(source['scripts']),
      bundleDependencies: bundledOf(source),
      bundledDependencies: undefined,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw unusable(error);
  }
}

function unusable(cause: Refusal): Refusal {
  return new Refusal('bad_archive', `the package.json in the archive is refused: ${cause.message}`, {
    cause,
  });
}

function compact(members: Readonly<Record<string, Json | undefined>>): Manifest {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Manifest;
}

/** npm drops from `dependencies` what is optional too: the optional entry wins. */
function dependenciesOf(source: JsonObject): Record<string, Json | undefined> {
  const optional = stringMap(source['optionalDependencies']);
  const required = stringMap(source['dependencies']);
  const left =
    required &&
    Object.fromEntries(
      Object.entries(required).filter(([name]) => !(optional && Object.hasOwn(optional, name))),
    );
  return {
    dependencies: left,
    optionalDependencies: optional,
    devDependencies: stringMap(source['devDependencies']),
    peerDependencies: stringMap(source['peerDependencies']),
  };
}

/** The members that are strings; `undefined` when it is no object at all. */
function stringMap(value: Json | undefined): Record<string, string> | undefined {
  if (!isJsonObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter((member): member is [string, string] => typeof member[1] === 'string'),
  );
}

/** `bin` as an object of paths inside the package; a lone path is named after the package. */
function binariesOf(
  source: JsonObject,
  name: string,
  files: readonly string[],
): Record<string, string> | undefined {
  const declared = declaredBinaries(source['bin'], name);
  const found = declared ?? binariesInFolder(source, files);
  if (found === undefined) return undefined;
  const entries = Object.entries(found).flatMap(([command, path]) => {
    const clean = { command: lastSegment(command), path: insidePackage(path) };
    return clean.command === '' || clean.path === '' ? [] : [[clean.command, clean.path] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function declaredBinaries(bin: Json | undefined, name: string): Record<string, string> | undefined {
  if (typeof bin === 'string') return bin === '' ? undefined : { [unscoped(name)]: bin };
  if (!Array.isArray(bin)) return stringMap(bin);
  return Object.fromEntries(
    bin.filter((path) => typeof path === 'string').map((path) => [lastSegment(path), path]),
  );
}

/** Each of them stands in the index with its path. */
const mostCommands = 1_000;

/** npm's `directories.bin`: everything in a folder is a command. So are its folders, for npm (measured). */
function binariesInFolder(source: JsonObject, files: readonly string[]): Record<string, string> | undefined {
  const directories = source['directories'];
  const folder = isJsonObject(directories) ? directories['bin'] : undefined;
  if (typeof folder !== 'string' || folder === '') return undefined;
  const prefix = `${insidePackage(folder)}/`;
  const below = files.filter(
    (path) => path.startsWith(prefix) && !path.slice(prefix.length).split('/').some(isHidden),
  );
  if (below.length > mostCommands)
    throw badArchive(`it has more than ${mostCommands} files in directories.bin`);
  const inside = below.flatMap((path) => pathsDownTo(path, prefix));
  return Object.fromEntries(inside.map((path) => [lastSegment(path), path]));
}

function isHidden(segment: string): boolean {
  return segment.startsWith('.');
}

/** `bin/a` and `bin/a/b` for the file `bin/a/b` below `bin/`. */
function pathsDownTo(path: string, prefix: string): string[] {
  const segments = path.slice(prefix.length).split('/');
  return segments.map((_, depth) => prefix + segments.slice(0, depth + 1).join('/'));
}

/** A path as seen from the package's top, whatever it climbs: a link may never point out of the package. */
function insidePackage(path: string): string {
  const kept: string[] = [];
  for (const segment of path.replaceAll('\\', '/').split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}

function lastSegment(path: string): string {
  return path.replaceAll('\\', '/').split('/').at(-1)?.replace(/^\.+$/, '') ?? '';
}

function repositoryOf(value: Json | undefined): Json | undefined {
  return typeof value === 'string' ? { type: 'git', url: value } : value;
}

/** `Ann <ann@example.org> (https://example.org)` as npm's index has it. */
function personOf(value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') return value;
  const match = /^([^<(]*)(?:<([^>]*)>)?\s*(?:\(([^)]*)\))?/.exec(value);
  const [, name = '', email, url] = match ?? [];
  return { name: name.trim(), ...(email && { email }), ...(url && { url }) };
}

function bundledOf(source: JsonObject): Json | undefined {
  const value = source['bundleDependencies'] ?? source['bundledDependencies'];
  if (value === true) return Object.keys(stringMap(source['dependencies']) ?? {});
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : undefined;
}

/** Members that decide what an installation does. */
const decisive = [
  'name',
  'version',
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundleDependencies',
  'bin',
  'os',
  'cpu',
] as const;
const installScripts = ['preinstall', 'install', 'postinstall'] as const;

/**
 * Refuses a publish document that says something else than its archive ("manifest confusion"): tools that
 * read only the index would show, and check, another package than the one that gets installed. The index is
 * made from the archive in any case; a difference means that somebody is trying, or a tool is broken.
 */
export function refuseDisagreement(declared: JsonObject, archive: InspectedArchive): void {
  const inside = manifestOf(archive);
  const outside = manifestOf({ ...archive, manifest: declared });
  const differs =
    decisive.find((key) => canonical(outside[key]) !== canonical(inside[key])) ??
    installScripts.find((key) => scriptOf(outside, key, archive) !== scriptOf(inside, key, archive));
  if (differs === undefined) return;
  throw new Refusal(
    'manifest_mismatch',
    `the archive's package.json and the published document disagree about "${differs}"`,
  );
}

/** npm's clients add this script for a package with a binding.gyp; others do not. */
function scriptOf(
  manifest: Manifest,
  event: (typeof installScripts)[number],
  archive: InspectedArchive,
): string | undefined {
  const scripts = manifest['scripts'];
  const text = isJsonObject(scripts) ? scripts[event] : undefined;
  const implied = archive.hasBindingGyp && event === 'install' ? 'node-gyp rebuild' : undefined;
  return typeof text === 'string' && text !== '' ? text : implied;
}

/** One text for values that mean the same: members in order, nothing for nothing. */
function canonical(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify([...value].map(canonical).sort());
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return members.length === 0 ? '' : JSON.stringify(members.map(([key, member]) => [key, canonical(member)]));
}

/** True when installing the package runs code of it. */
export function hasInstallScript(manifest: Manifest, archive: InspectedArchive): boolean {
  return installScripts.some((event) => scriptOf(manifest, event, archive) !== undefined);
}
