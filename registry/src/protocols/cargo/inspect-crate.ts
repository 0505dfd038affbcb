import { badArchive, decodeUTF8 } from '../../releases/archive/bad-archive.ts';
import { readArchive } from '../../releases/archive/read-archive.ts';
import type { TarEntry } from '../../releases/archive/tar-entries.ts';
import type { BlobContent } from '../../store/received-blob.ts';

/** What a `.crate` holds that a registry looks at. */
export interface InspectedCrate {
  /** The text of its `Cargo.toml`. */
  readonly manifest: string;
  /** The files a README may be, by their paths; the first part of each. */
  readonly readmes: ReadonlyMap<string, string>;
}

/** crates.io's limits of the unpacked size, and one of ours for the number of files. */
const limits = { unpackedBytes: 512 * 1024 ** 2, entries: 50_000 };

const largestManifest = 1024 * 1024;
const longestReadme = 64 * 1024;
const mostReadmes = 20;

/**
 * Reads a crate as hostile: all that `releases/archive/` refuses, and what cargo's own unpacking takes for granted.
 * `folder` is the one everything must lie in, `name-version`. Throws `bad_archive`.
 */
export async function inspectCrate(content: BlobContent, folder: string): Promise<InspectedCrate> {
  const findings: { manifest?: string } = {};
  const readmes = new Map<string, string>();
  await readArchive(
    content,
    async (inside, entry) => {
      refuseOutside(entry, folder);
      if (/^cargo\.toml$/i.test(inside)) findings.manifest = await readManifest(inside, entry);
      else if (isReadme(inside) && readmes.size < mostReadmes) readmes.set(inside, await readStart(entry));
    },
    limits,
  );
  if (findings.manifest === undefined) throw badArchive(`it has no Cargo.toml in ${folder}`);
  return { manifest: findings.manifest, readmes };
}

function refuseOutside(entry: TarEntry, folder: string): void {
  if (!entry.path.startsWith(`${folder}/`)) throw badArchive(`it is not in the folder ${folder}`, entry.path);
  // cargo writes one of its own into a folder it has unpacked, and trusts it.
  if (entry.path === `${folder}/.cargo-ok`) throw badArchive('cargo keeps this name for itself', entry.path);
}

/** One spelling: no other one can be beside it, for `releases/archive/` refuses names that differ in case only. */
async function readManifest(inside: string, entry: TarEntry): Promise<string> {
  if (inside !== 'Cargo.toml') throw badArchive('the manifest is not spelled Cargo.toml', entry.path);
  if (entry.size > largestManifest) throw badArchive('the manifest is larger than 1 MiB', entry.path);
  const text = decodeUTF8(await entry.read(largestManifest));
  if (text === undefined) throw badArchive('the manifest is not UTF-8', entry.path);
  if (text.startsWith('\ufeff')) throw badArchive('the manifest begins with a byte order mark', entry.path);
  return text;
}

function isReadme(path: string): boolean {
  return /\.(?:md|markdown|txt)$/i.test(path) ? path.split('/').length <= 3 : /^readme$/i.test(path);
}

/** Text for people: what is not UTF-8 in it is replaced. */
async function readStart(entry: TarEntry): Promise<string> {
  const bytes = await entry.read(longestReadme);
  return new TextDecoder().decode(bytes, { stream: entry.size > longestReadme });
}
