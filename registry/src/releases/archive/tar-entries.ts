import { badArchive, decodeUTF8 } from './bad-archive.ts';
import { type ByteReader, isZero } from './byte-reader.ts';
import { checkGlobalHeader, parsePaxRecords } from './pax-records.ts';
import { blockSize, parseTarHeader, type TarHeader } from './tar-header.ts';

/**
 * A tar reader that refuses where others guess. The tar library, which does the packing, was made to get out
 * of an archive what can be got: it applies global headers, skips blocks with wrong checksums, stops at the
 * end marker, and does not show the headers its entries came from. What we accept must unpack to the same
 * files with it, with pnpm's and yarn's readers, and with tar(1); so each form in which those differ is an error.
 */

export interface TarEntry {
  /** As it stands in the archive; not checked. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly size: number;
  /** The permission bits. */
  readonly mode: number;
  /** The content from its beginning, `maximum` bytes of it at most. To be called once, before the next entry. */
  read(maximum: number): Promise<Buffer>;
}

/** PATH_MAX, and what the attributes of one file take. */
const longestLongName = 4096;
const longestPaxHeader = 64 * 1024;
const setIdBits = 0o6000;

/** Announced by a header for the entry that follows it. */
interface Announced {
  readonly path?: string | undefined;
  readonly size?: number | undefined;
}

/** Yields the entries, then reads to the very end, where nothing but zeros may be. */
export async function* readTarEntries(reader: ByteReader): AsyncGenerator<TarEntry> {
  let announced: Announced | undefined;
  for (;;) {
    if (await reader.atEnd()) throw badArchive('it has no end marker');
    const block = await reader.take(blockSize);
    if (isZero(block)) break;
    const header = parseTarHeader(block);
    if (isAnnouncement(header)) {
      if (announced !== undefined) throw badArchive('two headers announce the same entry', header.path);
      announced = await readAnnouncement(reader, header);
      continue;
    }
    yield* readEntry(reader, header, announced ?? {});
    announced = undefined;
  }
  if (announced !== undefined) throw badArchive('a header announces an entry that does not follow');
  if (!(await reader.skipZeros(blockSize))) throw badArchive('its end marker is incomplete');
  if (!(await reader.onlyZerosLeft())) throw badArchive('something follows its end marker');
}

function isAnnouncement({ type }: TarHeader): boolean {
  return type === 'x' || type === 'g' || type === 'L';
}

/** `undefined` for a global header with a comment, which announces nothing. */
async function readAnnouncement(reader: ByteReader, header: TarHeader): Promise<Announced | undefined> {
  const limit = header.type === 'L' ? longestLongName : longestPaxHeader;
  if (header.size === 0 || header.size > limit)
    throw badArchive('a header has an unacceptable length', header.path);
  const bytes = await reader.take(header.size);
  await skipPadding(reader, header);
  if (header.type === 'L') return { path: longName(bytes) };
  if (header.type === 'x') return parsePaxRecords(bytes);
  checkGlobalHeader(bytes);
  return undefined;
}

/** GNU tar's, and that of pnpm 12, which is written in Rust: the name, and one NUL. */
function longName(bytes: Buffer): string {
  const name = decodeUTF8(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes);
  if (name === undefined || name.includes('\0')) throw badArchive('a long name is malformed');
  return name;
}

async function* readEntry(
  reader: ByteReader,
  header: TarHeader,
  announced: Announced,
): AsyncGenerator<TarEntry> {
  const path = announced.path ?? header.path;
  if (path === undefined) throw badArchive('a path is not UTF-8');
  const kind = kindOf(header, path);
  if (announced.size !== undefined && announced.size !== header.size) {
    throw badArchive('its headers disagree about its size', path);
  }
  if (kind === 'folder' && header.size !== 0) throw badArchive('a folder has content', path);
  if (kind === 'file' && header.mode & setIdBits) throw badArchive('a file runs as its owner (setuid)', path);
  let left = header.size;
  yield {
    path,
    kind,
    size: header.size,
    mode: header.mode & 0o777,
    async read(maximum) {
      const length = Math.min(left, maximum);
      left -= length;
      return Buffer.from(await reader.take(length));
    },
  };
  await reader.skip(left);
  await skipPadding(reader, header);
}

function kindOf({ type }: TarHeader, path: string): 'file' | 'folder' {
  if (type === '5') return 'folder';
  if (type !== '0' && type !== '\0')
    throw badArchive('only files and folders are allowed, no links or devices', path);
  // Old archives mark a folder so; some readers still believe them.
  if (path.endsWith('/')) throw badArchive('a file has the name of a folder', path);
  return 'file';
}

async function skipPadding(reader: ByteReader, header: TarHeader): Promise<void> {
  const padding = -header.size & (blockSize - 1);
  if (!(await reader.skipZeros(padding)))
    throw badArchive('the space behind an entry is not empty', header.path);
}
