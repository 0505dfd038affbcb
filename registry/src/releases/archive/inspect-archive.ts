import { type JsonObject, parseStrictJsonObject } from '../../strict-json.ts';
import { badArchive, decodeUTF8 } from './bad-archive.ts';
import { ByteReader } from './byte-reader.ts';
import { EntryPaths } from './entry-paths.ts';
import { readGzipMember } from './gzip-member.ts';
import { readTarEntries, type TarEntry } from './tar-entries.ts';

export interface ArchiveLimits {
  /** Of the tar stream, headers included. */
  readonly unpackedBytes: number;
  /** Files and folders, those included that only occur in paths. */
  readonly entries: number;
}

/** Above the largest packages we know of: compilers with 300 MB of binaries, icon sets with 60,000 files. */
export const defaultArchiveLimits: ArchiveLimits = { unpackedBytes: 1024 ** 3, entries: 100_000 };

export interface ArchivedFile {
  /** Inside the top folder, with `/` between segments. Fit to be shown. */
  readonly path: string;
  readonly size: number;
  /** The permission bits. */
  readonly mode: number;
}

/** What an archive says about itself: the only source of a release's metadata. */
export interface InspectedArchive {
  /** The top-level package.json, without a rule applied to its members. */
  readonly manifest: JsonObject;
  readonly readme: string | undefined;
  readonly readmeFilename: string | undefined;
  readonly files: readonly ArchivedFile[];
  readonly fileCount: number;
  /** The sum of the sizes of the files. */
  readonly unpackedSize: number;
  /** npm builds such a package at installation, even when its manifest has no install script. */
  readonly hasBindingGyp: boolean;
  readonly hasShrinkwrap: boolean;
}

const largestManifest = 1024 * 1024;
/** npm's registry keeps the first 64 KiB of a README; the rest can be read in the archive. */
const longestReadme = 64 * 1024;

interface Readme {
  readonly filename: string;
  readonly text: string;
}

interface Findings {
  readonly files: ArchivedFile[];
  manifest?: JsonObject;
  readme?: Readme;
}

/**
 * Reads the archive at `path` as hostile: every rule it breaks is a refusal with `bad_archive`. Memory is
 * bounded by the number of entries, not by the archive's size.
 */
export async function inspectArchive(
  path: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<InspectedArchive> {
  const reader = new ByteReader(readGzipMember(path, limits));
  const paths = new EntryPaths(limits.entries);
  const findings: Findings = { files: [] };
  try {
    for await (const entry of readTarEntries(reader)) await inspectEntry(entry, paths, findings);
  } finally {
    await reader.close();
  }
  return summarise(findings);
}

async function inspectEntry(entry: TarEntry, paths: EntryPaths, findings: Findings): Promise<void> {
  const path = paths.add(entry.path, entry.kind);
  if (entry.kind === 'folder') return;
  findings.files.push({ path, size: entry.size, mode: entry.mode });
  if (path === 'package.json') findings.manifest = await readManifest(entry);
  else if (isReadme(path, findings.readme)) findings.readme = await readReadme(entry, path);
}

async function readManifest(entry: TarEntry): Promise<JsonObject> {
  if (entry.size > largestManifest) throw badArchive('the manifest is larger than 1 MiB', entry.path);
  const text = decodeUTF8(await entry.read(largestManifest));
  if (text === undefined) throw badArchive('the manifest is not UTF-8', entry.path);
  if (text.startsWith('\ufeff')) throw badArchive('the manifest begins with a byte order mark', entry.path);
  try {
    return parseStrictJsonObject(text);
  } catch (error) {
    throw badArchive(`the manifest cannot be used: ${(error as Error).message}`, entry.path, error);
  }
}

/** The first of the best rank. npm takes whichever Markdown file its glob finds first; a translation may be that. */
const readmeRanks = [
  /^readme\.m?a?r?k?d?o?w?n?$/i,
  /^readme\.[^/]*\.m?a?r?k?d?o?w?n?$/i,
  /^readme$/i,
  /^readme\.[^/]*$/i,
];

function readmeRank(path: string): number {
  const rank = readmeRanks.findIndex((pattern) => pattern.test(path));
  return rank === -1 ? readmeRanks.length : rank;
}

function isReadme(path: string, chosen: Readme | undefined): boolean {
  return readmeRank(path) < readmeRank(chosen?.filename ?? '');
}

/** Text for people: what is not UTF-8 in it is replaced, and a character cut in two at the limit dropped. */
async function readReadme(entry: TarEntry, filename: string): Promise<Readme> {
  const bytes = await entry.read(longestReadme);
  const text = new TextDecoder().decode(bytes, { stream: entry.size > longestReadme });
  return { filename, text };
}

function summarise({ files, manifest, readme }: Findings): InspectedArchive {
  if (manifest === undefined) throw badArchive('it has no package.json in its top folder');
  const has = (path: string) => files.some((file) => file.path === path);
  return {
    manifest,
    readme: readme?.text,
    readmeFilename: readme?.filename,
    files,
    fileCount: files.length,
    unpackedSize: files.reduce((sum, file) => sum + file.size, 0),
    hasBindingGyp: has('binding.gyp'),
    hasShrinkwrap: has('npm-shrinkwrap.json'),
  };
}
