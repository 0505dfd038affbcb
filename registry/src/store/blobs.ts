import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsync as fsyncWithCallback,
  openSync,
  renameSync,
  writeSync,
  write as writeWithCallback,
} from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Refusal } from '../errors.ts';
import { createByteCache } from './byte-cache.ts';

/** Bytes that have arrived and are not yet part of the store. Either `keep` or `discard` ends its life. */
export interface ReceivedBlob {
  /** Where the bytes lie, for whoever checks them before they are kept. */
  readonly path: string;
  readonly size: number;
  /** Lower-case hexadecimal, as are the other two. */
  readonly sha256: string;
  readonly sha512: string;
  readonly sha1: string;
}

/** The bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenBlob {
  /** Of the whole blob, whatever range was asked for. */
  readonly size: number;
  /** Must be read to its end or destroyed: it holds an open file. */
  readonly content: Readable;
}

/**
 * Archives by their SHA-256. A blob never changes and is never half there: it appears under its digest in
 * one step, after its bytes are on disk. Whoever names a blob in the database calls `keep` first.
 */
export interface BlobStore {
  /**
   * Takes the bytes in. Over `maximumBytes`: refused with `too_large`. A failure leaves nothing behind, and
   * `source` open: it is usually a request that still needs its answer.
   */
  receive(
    source: AsyncIterable<Uint8Array>,
    limits: { readonly maximumBytes: number },
  ): Promise<ReceivedBlob>;
  /** Resolves when the blob would survive a power loss. Bytes that are there already are put there again. */
  keep(received: ReceivedBlob): Promise<void>;
  discard(received: ReceivedBlob): Promise<void>;
  has(sha256: string): Promise<boolean>;
  open(sha256: string, range?: ByteRange): Promise<OpenBlob | undefined>;
  /**
   * The whole of a blob of that size, where it pays to have it in memory: of a small one, and of one of up to
   * `largestKeptBlob` bytes that was asked for before. Not to be changed. `undefined` otherwise: `open` it.
   */
  read(sha256: string, size: number): Promise<Buffer | undefined>;
  /** Reads the whole blob and compares it with its name. */
  verify(sha256: string): Promise<'intact' | 'corrupt' | 'absent'>;
}

/** Up to here reading a file costs more than its bytes do: nine of ten npm packages. */
export const largestSmallBlob = 256 * 1024;

/** What is larger is read as it is sent, however often. */
export const largestKeptBlob = 4 * 1024 * 1024;

/** Of memory for blobs. */
const memoryBytes = 64 * 1024 * 1024;

/** How many blobs are known to have been asked for. Above it all are forgotten, and read from the disk once more. */
const mostAsked = 10_000;

/** Opens the store in `folder`, making it as needed, and removes what dead processes left half received. */
export async function openBlobFolder(folder: string): Promise<BlobStore> {
  const blobs = new BlobFolder(folder);
  await blobs.prepare();
  return blobs;
}

/**
 * What only the memory of the system is asked for is done at once, as SQLite does it: handing it to another thread and
 * back takes longer than the thing itself. What waits for the disk is handed over.
 */
const [fsync, write] = [promisify(fsyncWithCallback), promisify(writeWithCallback)];

/** Sets the files of this process apart from those of an earlier one with the same process id. */
const processName = `${hostname().replaceAll(/[^A-Za-z0-9]/g, '_')}-${process.pid}-${randomBytes(6).toString('hex')}`;

/** Older than any upload that could still be running, for files of processes we cannot ask about. */
const abandonedAfter = 24 * 60 * 60 * 1000;

class BlobFolder implements BlobStore {
  readonly #folder: string;
  readonly #incoming: string;
  /** Folders whose entry in their parent this process has seen to be on disk. */
  readonly #durable = new Set<string>();
  /** What was kept or discarded: whoever received a blob discards it in any case, and often more than one does. */
  readonly #ended = new WeakSet<ReceivedBlob>();
  readonly #memory = createByteCache<Buffer>(memoryBytes);
  readonly #loading = new Map<string, Promise<Buffer | undefined>>();
  /** Large blobs that somebody asked for: what is fetched once does not push out what many fetch. */
  readonly #asked = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#incoming, { recursive: true, mode: 0o700 });
    await mkdir(join(this.#folder, 'sha256'), { recursive: true, mode: 0o700 });
    await syncFolder(dirname(this.#folder));
    await syncFolder(this.#folder);
    for (const name of await readdir(this.#incoming)) {
      const path = join(this.#incoming, name);
      if (await isAbandoned(path, name)) await rm(path, { force: true });
    }
  }

  async receive(source: AsyncIterable<Uint8Array>, limits: { maximumBytes: number }): Promise<ReceivedBlob> {
    const path = join(this.#incoming, `${processName}-${randomBytes(8).toString('hex')}`);
    const file = openSync(path, 'wx', 0o600);
    try {
      const digests = await copy(source, file, limits.maximumBytes);
      closeSync(file);
      return { path, ...digests };
    } catch (error) {
      closeSync(file);
      await rm(path, { force: true });
      throw error;
    }
  }

  async keep(received: ReceivedBlob): Promise<void> {
    const target = this.#path(received.sha256);
    await this.#makeDurable(dirname(target));
    await sync(received.path, 'r+');
    // Also over a blob that is there: the same bytes, on disk for certain, and a damaged copy is repaired.
    renameSync(received.path, target);
    this.#ended.add(received);
    await syncFolder(dirname(target));
  }

  async discard(received: ReceivedBlob): Promise<void> {
    if (this.#ended.has(received)) return;
    await rm(received.path, { force: true });
    this.#ended.add(received);
  }

  async has(sha256: string): Promise<boolean> {
    const file = await openIfThere(this.#path(sha256));
    await file?.close();
    return file !== undefined;
  }

  async open(sha256: string, range?: ByteRange): Promise<OpenBlob | undefined> {
    const file = await openIfThere(this.#path(sha256));
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    return { size, content: file.createReadStream({ highWaterMark: 64 * 1024, ...range }) };
  }

  async read(sha256: string, size: number): Promise<Buffer | undefined> {
    const known = this.#memory.get(sha256);
    if (known !== undefined) return known;
    if (size > largestSmallBlob && (size > largestKeptBlob || !this.#wasAsked(sha256))) return undefined;
    const begun = this.#loading.get(sha256);
    if (begun !== undefined) return await begun;
    const loading = this.#load(sha256).finally(() => this.#loading.delete(sha256));
    this.#loading.set(sha256, loading);
    return await loading;
  }

  async #load(sha256: string): Promise<Buffer | undefined> {
    const file = await openIfThere(this.#path(sha256));
    if (file === undefined) return undefined;
    const bytes = await file.readFile().finally(() => file.close());
    this.#memory.set(sha256, bytes, bytes.byteLength);
    return bytes;
  }

  #wasAsked(sha256: string): boolean {
    if (this.#asked.has(sha256)) return true;
    if (this.#asked.size >= mostAsked) this.#asked.clear();
    this.#asked.add(sha256);
    return false;
  }

  async verify(sha256: string): Promise<'intact' | 'corrupt' | 'absent'> {
    const blob = await this.open(sha256);
    if (blob === undefined) return 'absent';
    const hash = createHash('sha256');
    for await (const chunk of blob.content) hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256 ? 'intact' : 'corrupt';
  }

  #path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('not a SHA-256 digest in lower-case hexadecimal');
    return join(this.#folder, 'sha256', sha256.slice(0, 2), sha256);
  }

  /** The folder may be another process's work that is not on disk yet, so its parent is synced in any case. */
  async #makeDurable(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
    this.#durable.add(folder);
  }
}

async function copy(source: AsyncIterable<Uint8Array>, file: number, maximumBytes: number) {
  const [sha256, sha512, sha1] = [createHash('sha256'), createHash('sha512'), createHash('sha1')];
  let size = 0;
  const pieces = source[Symbol.asyncIterator]();
  // Not `for await`, which closes what it leaves early: a request that is closed cannot be answered any more.
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    size += next.value.byteLength;
    if (size > maximumBytes) {
      throw new Refusal(
        'too_large',
        `the archive is larger than this registry's limit of ${maximumBytes} bytes`,
      );
    }
    for (const hash of [sha256, sha512, sha1]) hash.update(next.value);
    await writeAll(file, next.value, size <= largestSmallBlob);
  }
  return { size, sha256: sha256.digest('hex'), sha512: sha512.digest('hex'), sha1: sha1.digest('hex') };
}

async function writeAll(file: number, chunk: Uint8Array, atOnce: boolean): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    offset += atOnce ? writeSync(file, chunk, offset) : (await write(file, chunk, offset)).bytesWritten;
  }
}

export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts the entries of `folder` on disk. Windows keeps them with the files and opens no folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform !== 'win32') await sync(folder, 'r');
}

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const file = openSync(path, flags);
  await fsync(file).finally(() => closeSync(file));
}

/** True when no living process can still be writing the file. In doubt false: it is asked again after a day. */
async function isAbandoned(path: string, name: string): Promise<boolean> {
  const [host, pid] = name.split('-');
  if (host === processName.split('-')[0] && Number(pid) > 0) {
    if (Number(pid) === process.pid) return !name.startsWith(processName);
    if (!isAlive(Number(pid))) return true;
  }
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfter;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
