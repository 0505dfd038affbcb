import { badArchive, decodeUTF8 } from '../../releases/archive/bad-archive.ts';
import {
  type ArchivedFile,
  type ArchiveLimits,
  defaultArchiveLimits,
  readArchive,
} from '../../releases/archive/read-archive.ts';
import type { TarEntry } from '../../releases/archive/tar-entries.ts';
import type { BlobContent } from '../../store/received-blob.ts';
import { type JsonObject, parseStrictJsonObject } from '../../strict-json.ts';

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
  manifest?: JsonObject;
  readme?: Readme;
}

/** Reads an npm package as hostile. Throws `bad_archive`. */
export async function inspectArchive(
  content: BlobContent,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<InspectedArchive> {
  const findings: Findings = {};
  const files = await readArchive(content, (inside, entry) => visit(inside, entry, findings), limits);
  return summarise(files, findings);
}

async function visit(path: string, entry: TarEntry, findings: Findings): Promise<void> {
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

function summarise(files: readonly ArchivedFile[], { manifest, readme }: Findings): InspectedArchive {
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
