import { parseVersion, unscoped } from '../../../packages/package-name.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../strict-json.ts';
import { abbreviatedMembers, archivePath } from '../index-entry.ts';
import type { PackumentForm } from '../packument.ts';
import { cleanJson } from './clean-json.ts';

/** Where an archive is upstream, and what it has to be. */
export interface ForeignArchive {
  readonly url: string;
  /** Base64, as in `sha512-…`. */
  readonly sha512: string;
}

export interface ForeignPackument {
  /** JSON text, with this registry's address still to be put in. */
  readonly body: string;
  /** By the name of the file under which this registry offers it. */
  readonly archives: Readonly<Record<string, ForeignArchive>>;
  /** One line for each version that is not passed on as it was. */
  readonly remarks: readonly string[];
}

/** What was known before, by the file's name: a version that has been seen never gets other bytes. */
export type KnownArchives = Readonly<Record<string, ForeignArchive>>;

/**
 * Makes a packument of what an upstream says, which may be anything. Throws when it is not about `name` at all;
 * a version that no client could check or install is left out, and what a member should not be, too. Signatures are not passed
 * on: they are by a key that is not this registry's, and clients look for the key here.
 */
export function readForeignPackument(
  text: string,
  { name, form, known }: { name: string; form: PackumentForm; known: KnownArchives },
): ForeignPackument {
  const document = cleanJson(JSON.parse(text));
  if (!isJsonObject(document) || document['name'] !== name) throw new Error('it is about another package');
  const remarks: string[] = [];
  const archives: Record<string, ForeignArchive> = {};
  const versions: Record<string, JsonObject> = {};
  for (const [version, entry] of Object.entries(objectIn(document, 'versions'))) {
    const file = `${unscoped(name)}-${version}.tgz`;
    const archive = archiveOf(entry, { name, version });
    if (archive === undefined) {
      remarks.push(`version ${printable(version)} is left out: it has no checkable archive`);
      continue;
    }
    const before = Object.hasOwn(known, file) ? known[file]?.sha512 : undefined;
    if (before !== undefined && before !== archive.sha512) {
      remarks.push(
        `the archive of version ${version} is said to be another one than before: the first one counts`,
      );
    }
    archives[file] = { ...archive, sha512: before ?? archive.sha512 };
    versions[version] = entryOf(entry as JsonObject, {
      name,
      version,
      form,
      sha512: before ?? archive.sha512,
    });
  }
  const body = JSON.stringify({
    ...headOf(document, name, form),
    'dist-tags': tagsOf(document, versions),
    versions,
  });
  return { body, archives, remarks };
}

function archiveOf(
  entry: Json | undefined,
  { name, version }: { name: string; version: string },
): ForeignArchive | undefined {
  if (!isVersion(version) || !isJsonObject(entry)) return undefined;
  if (entry['name'] !== name || entry['version'] !== version) return undefined;
  const { integrity, tarball } = objectIn(entry, 'dist');
  const sha512 = sha512In(integrity);
  return sha512 === undefined || typeof tarball !== 'string' ? undefined : { url: tarball, sha512 };
}

function isVersion(text: string): boolean {
  try {
    return parseVersion(text) === text;
  } catch {
    return false;
  }
}

/** The SHA-512 among the digests of a Subresource Integrity text; weaker ones do not count. */
function sha512In(integrity: Json | undefined): string | undefined {
  if (typeof integrity !== 'string') return undefined;
  return /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)(?=[?\s]|$)/.exec(integrity)?.[1];
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly form: PackumentForm;
  readonly sha512: string;
}

/** The members npm's clients take apart without looking at what they are. */
const textMaps = [
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'peerDependencies',
  'bin',
  'scripts',
  'engines',
];

function entryOf(entry: JsonObject, { name, version, form, sha512 }: Entry): JsonObject {
  const isPassedOn = (key: string) => (form === 'full' ? !key.startsWith('_') : kept.includes(key));
  const members = Object.entries(entry).filter(([key, value]) => isPassedOn(key) && isSound(key, value));
  const { deprecated, _hasShrinkwrap } = entry;
  return {
    ...Object.fromEntries(members.filter(([key]) => !ours.includes(key))),
    ...(typeof deprecated === 'string' && deprecated !== '' && { deprecated }),
    ...(form === 'full' && { _id: `${name}@${version}` }),
    ...(runsScripts(entry) && { hasInstallScript: true }),
    ...(_hasShrinkwrap === true && { _hasShrinkwrap }),
    dist: distOf(objectIn(entry, 'dist'), { name, version, sha512 }),
  };
}

/** Written anew, below, whatever upstream says there. */
const ours = ['dist', 'deprecated', 'hasInstallScript'];

function isSound(key: string, value: Json | undefined): boolean {
  const mayBeText = key === 'bin' && typeof value === 'string';
  return !textMaps.includes(key) || mayBeText || isTextMap(value);
}

/** Upstreams that have no abbreviated form do not say so in the full one, and the scripts are left out of it here. */
function runsScripts(entry: JsonObject): boolean {
  const scripts = objectIn(entry, 'scripts');
  return (
    entry['hasInstallScript'] === true ||
    ['preinstall', 'install', 'postinstall'].some((key) => key in scripts)
  );
}

const kept: readonly string[] = abbreviatedMembers;

function isTextMap(value: Json | undefined): boolean {
  return isJsonObject(value) && Object.values(value).every((member) => typeof member === 'string');
}

function distOf(dist: JsonObject, { name, version, sha512 }: Omit<Entry, 'form'>): JsonObject {
  const { shasum, fileCount, unpackedSize } = dist;
  return {
    integrity: `sha512-${sha512}`,
    ...(typeof shasum === 'string' && /^[0-9a-f]{40}$/.test(shasum) && { shasum }),
    tarball: `{registry}/${archivePath(name, version)}`,
    ...(typeof fileCount === 'number' && { fileCount }),
    ...(typeof unpackedSize === 'number' && { unpackedSize }),
  };
}

/** What a client may show of the package as a whole. */
const shown = [
  'description',
  'keywords',
  'license',
  'homepage',
  'repository',
  'bugs',
  'author',
  'contributors',
  'readme',
  'readmeFilename',
  'maintainers',
];

function headOf(document: JsonObject, name: string, form: PackumentForm): JsonObject {
  const { modified } = document;
  if (form === 'abbreviated') return { name, ...(typeof modified === 'string' && { modified }) };
  const about = shown.flatMap((key) => (key in document ? [[key, document[key] as Json]] : []));
  const time = document['time'];
  return { _id: name, name, ...Object.fromEntries(about), ...(isTextMap(time) && { time: time as Json }) };
}

/** Without those that lead to a version that is not passed on. */
function tagsOf(document: JsonObject, versions: Readonly<Record<string, JsonObject>>): JsonObject {
  const tags = Object.entries(objectIn(document, 'dist-tags'));
  return Object.fromEntries(
    tags.filter(([, version]) => typeof version === 'string' && Object.hasOwn(versions, version)),
  );
}

function objectIn(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

function printable(text: string): string {
  return text.slice(0, 100).replaceAll(/[^\x20-\x7e]/g, '?');
}
