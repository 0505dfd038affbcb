import { parseVersion, unscoped } from '../../../packages/package-name.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../strict-json.ts';
import type { Pins } from '../../../upstream/pins.ts';
import { abbreviatedMembers, archivePath } from '../index-entry.ts';
import type { PackumentForm } from '../packument.ts';
import { cleanJson } from './clean-json.ts';

/** Where an archive is upstream, and what it has to be. */
export interface ForeignArchive {
  readonly url: string;
  /** Base64, as in `sha512-…`. */
  readonly sha512: string;
}

/** What an upstream says of a package, looked through but not yet believed. */
export interface ForeignReading {
  readonly name: string;
  readonly document: JsonObject;
  /** By version: those that a client could check and install. */
  readonly offered: ReadonlyMap<string, ForeignArchive>;
  /** The other ones, fit to print. */
  readonly leftOut: readonly string[];
}

export interface ForeignPackument {
  /** JSON text, with this registry's address still to be put in. */
  readonly body: string;
  /** By the name of the file under which this registry offers it. */
  readonly archives: OfferedArchives;
  /** Versions whose archive is said to be another one than the one that is pinned. */
  readonly changed: readonly string[];
  /** Versions that are not passed on, fit to print. */
  readonly leftOut: readonly string[];
}

export type OfferedArchives = Readonly<Record<string, ForeignArchive>>;

/** Reads what an upstream says, which may be anything. Throws when it is not about `name` at all. */
export function readForeignPackument(text: string, name: string): ForeignReading {
  const document = cleanJson(JSON.parse(text));
  if (!isJsonObject(document) || document['name'] !== name) throw new Error('it is about another package');
  const offered = new Map<string, ForeignArchive>();
  const leftOut: string[] = [];
  for (const [version, entry] of Object.entries(objectIn(document, 'versions'))) {
    const archive = archiveOf(entry, { name, version });
    if (archive === undefined) leftOut.push(printable(version));
    else offered.set(version, archive);
  }
  return { name, document, offered, leftOut };
}

/**
 * Makes a packument of it, without what a member should not be, and with the archives that are pinned: a version that
 * has been seen never gets other bytes. Signatures are not passed on: they are by a key that is not this registry's,
 * and clients look for the key here.
 */
export function shapePackument(
  { name, document, offered, leftOut }: ForeignReading,
  { form, pins }: { form: PackumentForm; pins: Pins },
): ForeignPackument {
  const archives: Record<string, ForeignArchive> = {};
  const versions: Record<string, JsonObject> = {};
  const changed: string[] = [];
  const unpinned: string[] = [];
  for (const [version, { url, sha512: said }] of offered) {
    const sha512 = pins.get(version);
    if (sha512 === undefined) {
      unpinned.push(version);
      continue;
    }
    if (sha512 !== said) changed.push(version);
    archives[`${unscoped(name)}-${version}.tgz`] = { url, sha512 };
    const entry = objectIn(objectIn(document, 'versions'), version);
    versions[version] = entryOf(entry, { name, version, form, sha512 });
  }
  const body = JSON.stringify({
    ...headOf(document, name, form),
    'dist-tags': tagsOf(document, versions),
    versions,
  });
  return { body, archives, changed, leftOut: [...leftOut, ...unpinned] };
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
