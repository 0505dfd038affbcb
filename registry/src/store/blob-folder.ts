import { randomBytes } from 'node:crypto';
import { close as closeWithCallback, fsync as fsyncWithCallback, open as openWithCallback } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  type IncomingFile,
  type ReceivedBlob,
  type ReceiveLimits,
  receiveBytes,
  writeAll,
} from './received-blob.ts';

/** The bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenBlob {
  /** Of the whole blob, whatever range was asked for. */
  readonly size: number;
  /** Must be read to its end or destroyed: it may hold an open file. */
  readonly content: Readable;
}

/** Descriptors and not handles: a handle that somebody forgets is closed by the garbage collector, with a fault. */
const [openFile, fsync, close] = [openWithCallback, fsyncWithCallback, closeWithCallback].map(promisify) as [
  (path: string, flags: string, mode?: number) => Promise<number>,
  (descriptor: number) => Promise<void>,
  (descriptor: number) => Promise<void>,
];

/** Sets the files of this process apart from those of an earlier one with the same process id. */
const processName = `${hostname().replaceAll(/[^A-Za-z0-9]/g, '_')}-${process.pid}-${randomBytes(6).toString('hex')}`;

/** Older than any upload that could still be running, for files of processes we cannot ask about. */
const abandonedAfter = 24 * 60 * 60 * 1000;

/** Opens the folder, making it as needed, and removes what dead processes left half received. */
export async function openBlobFolder(path: string): Promise<BlobFolder> {
  const folder = new BlobFolder(path);
  await folder.prepare();
  return folder;
}

/**
 * Files by their SHA-256. A blob never changes and is never half there: it appears under its digest in one step,
 * after its bytes are on disk. Whoever names a blob elsewhere calls `keep` first.
 */
export class BlobFolder {
  readonly #folder: string;
  readonly #incoming: string;
  /** Folders whose entry in their parent this process has seen to be on disk. */
  readonly #durable = new Set<string>();
  /** What was kept or discarded: whoever received a blob discards it in any case, and often more than one does. */
  readonly #ended = new WeakSet<ReceivedBlob>();

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

  /** As `receiveBytes`. A failure leaves nothing behind. */
  async receive(source: AsyncIterable<Uint8Array>, limits: ReceiveLimits): Promise<ReceivedBlob> {
    let file: IncomingFile | undefined;
    const createFile = async () => {
      file = await this.#createFile();
      return file;
    };
    try {
      return await receiveBytes(source, limits, createFile);
    } catch (error) {
      if (file !== undefined) await rm(file.path, { force: true });
      throw error;
    } finally {
      if (file !== undefined) await close(file.descriptor);
    }
  }

  /** Resolves when the blob would survive a power loss. Bytes that are there already are put there again. */
  async keep(received: ReceivedBlob): Promise<void> {
    const target = this.#path(received.sha256);
    await this.#makeDurable(dirname(target));
    const path = 'path' in received.content ? received.content.path : await this.#write(received.content);
    await sync(path, 'r+');
    // Also over a blob that is there: the same bytes, on disk for certain, and a damaged copy is repaired.
    await rename(path, target);
    this.#ended.add(received);
    await syncFolder(dirname(target));
  }

  async discard(received: ReceivedBlob): Promise<void> {
    if (this.#ended.has(received)) return;
    this.#ended.add(received);
    if ('path' in received.content) await rm(received.content.path, { force: true });
  }

  async open(sha256: string, range?: ByteRange): Promise<OpenBlob | undefined> {
    const file = await openIfThere(this.#path(sha256));
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    return { size, content: file.createReadStream({ highWaterMark: 64 * 1024, ...range }) };
  }

  async read(sha256: string): Promise<Buffer | undefined> {
    const file = await openIfThere(this.#path(sha256));
    return await file?.readFile().finally(() => file.close());
  }

  #path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('not a SHA-256 digest in lower-case hexadecimal');
    return join(this.#folder, 'sha256', sha256.slice(0, 2), sha256);
  }

  async #createFile(): Promise<IncomingFile> {
    const path = join(this.#incoming, `${processName}-${randomBytes(8).toString('hex')}`);
    return { path, descriptor: await openFile(path, 'wx', 0o600) };
  }

  /** What came into memory gets its file here, and leaves none where the disk is full. */
  async #write({ bytes }: { readonly bytes: Buffer }): Promise<string> {
    const { path, descriptor } = await this.#createFile();
    const written = writeAll(descriptor, bytes).finally(() => close(descriptor));
    await written.catch(async (error: unknown) => {
      await rm(path, { force: true });
      throw error;
    });
    return path;
  }

  /** The folder may be another process's work that is not on disk yet, so its parent is synced in any case. */
  async #makeDurable(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
    this.#durable.add(folder);
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
  const descriptor = await openFile(path, flags);
  await fsync(descriptor).finally(() => close(descriptor));
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
