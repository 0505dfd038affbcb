import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { openIfThere } from '../store/blob-folder.ts';
import { type ByteCache, createByteCache } from '../store/byte-cache.ts';
import { documentFile, foldersOf, ifThere, noteUse } from './kept-files.ts';

/** A document as it was made of an upstream's answer. */
export interface CachedDocument<About> {
  /** What its ecosystem has to know of it. */
  readonly about: About;
  readonly body: string;
  /** When upstream last said that this is how things are; milliseconds since the epoch. */
  readonly checkedAt: number;
}

export interface KeptDocuments {
  read<About>(key: string): Promise<CachedDocument<About> | undefined>;
  write<About>(key: string, document: CachedDocument<About>): Promise<void>;
  /** Notes that what was read before was found to be still right when `checkedAt` says. */
  touch<About>(key: string, document: CachedDocument<About>): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Of memory, for what is read again and again: also one of the largest, which takes longest to read. */
const memoryBytes = 96 * 1024 * 1024;
const largestInMemory = 64 * 1024 * 1024;

export function keptDocuments(folder: string, wrote: (bytes: number) => void): KeptDocuments {
  const memory = createByteCache<Remembered>(memoryBytes, largestInMemory);
  const write = async <About>(key: string, document: CachedDocument<About>) => {
    await mkdir(foldersOf(folder).documents, { recursive: true, mode: 0o700 });
    wrote(await writeDocument(documentFile(folder, key), key, document));
  };
  return {
    read: (key) => readRemembered(memory, documentFile(folder, key), key),
    write,
    async touch(key, document) {
      if (!(await setTime(documentFile(folder, key), document.checkedAt))) await write(key, document);
    },
    remove: async (key) => await rm(documentFile(folder, key), { force: true }),
  };
}

/** The first line of a file is the SHA-256 of all that follows. Gives how many bytes those are. */
async function writeDocument<About>(
  path: string,
  key: string,
  { about, body, checkedAt }: CachedDocument<About>,
): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const content = Buffer.from(`${JSON.stringify({ key, about })}\n${body}`);
  try {
    await writeFile(temporary, [`${sha256(content)}\n`, content], { mode: 0o600 });
    await setTime(temporary, checkedAt);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return lengthOfDigest + content.byteLength;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** With the end of its line. */
const lengthOfDigest = 65;

/**
 * The file's time of change is when it was last right, so that saying so again does not write it again. False where
 * there is no such file any more.
 */
async function setTime(path: string, milliseconds: number): Promise<boolean> {
  try {
    await utimes(path, Date.now() / 1_000, milliseconds / 1_000);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** A document in memory, with what tells the file that it was read from. */
interface Remembered extends Pick<Stats, 'ino' | 'size' | 'mtimeMs'> {
  readonly document: CachedDocument<unknown>;
}

/** From memory while the file is the same: it is replaced, never changed, and its time says when it was last right. */
async function readRemembered<About>(
  memory: ByteCache<Remembered>,
  path: string,
  key: string,
): Promise<CachedDocument<About> | undefined> {
  const now = await ifThere(() => stat(path));
  const known = now && memory.get(path);
  if (now && known && known.ino === now.ino && known.size === now.size && known.mtimeMs === now.mtimeMs) {
    await ifThere(() => noteUse(now, (...noted) => utimes(path, ...noted)));
    return known.document as CachedDocument<About>;
  }
  const read = await readDocument<About>(path, key);
  if (read !== undefined) memory.set(path, read, read.size);
  return read?.document;
}

async function readDocument<About>(
  path: string,
  key: string,
): Promise<(Remembered & { document: CachedDocument<About> }) | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const bytes = await file.readFile();
    const { ino, size, mtimeMs, atimeMs } = await file.stat();
    await noteUse({ atimeMs, mtimeMs }, (...noted) => file.utimes(...noted));
    const content = bytes.subarray(lengthOfDigest);
    if (bytes.toString('latin1', 0, lengthOfDigest) !== `${sha256(content)}\n`) return undefined;
    const end = content.indexOf('\n');
    const head = JSON.parse(content.toString('utf8', 0, end)) as { key: string; about: About };
    if (head.key !== key) return undefined;
    const body = content.toString('utf8', end + 1);
    return { ino, size, mtimeMs, document: { about: head.about, body, checkedAt: mtimeMs } };
  } finally {
    await file.close();
  }
}
