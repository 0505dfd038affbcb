import { Readable } from 'node:stream';
import { type BlobFolder, type ByteRange, type OpenBlob, openBlobFolder } from './blob-folder.ts';
import { createByteCache } from './byte-cache.ts';
import type { Database, Read, Write } from './database.ts';
import { isKeptInFile, largestInMemory, type ReceivedBlob, type ReceiveLimits } from './received-blob.ts';
import { type Placeholders, statement } from './statement.ts';

/**
 * Archives by their SHA-256. Whatever names one in the database calls `keep` before its transaction and `keepIn` in
 * it: a large archive is then on disk before the row that names it, and a small one is a row of the same commit.
 */
export interface BlobStore {
  /** As `receiveBytes`. A failure leaves nothing behind. */
  receive(source: AsyncIterable<Uint8Array>, limits: ReceiveLimits): Promise<ReceivedBlob>;
  /** What only the disk can do: resolves when a large blob would survive a power loss. */
  keep(received: ReceivedBlob): Promise<void>;
  /** What belongs to the commit. Throws for a large blob that was not kept before. */
  keepIn(transaction: Write, received: ReceivedBlob): Promise<void>;
  discard(received: ReceivedBlob): Promise<void>;
  open(sha256: string, range?: ByteRange): Promise<OpenBlob | undefined>;
  /**
   * The whole of a blob of that size, where it pays to have it in memory: of a small one, and of one of up to
   * `largestKeptBlob` bytes that was asked for before. Not to be changed. `undefined` otherwise: `open` it.
   */
  read(sha256: string, size: number): Promise<Buffer | undefined>;
}

/** Up to here reading a file costs more than its bytes do: nine of ten npm packages. */
export const largestSmallBlob = 256 * 1024;

/** What is larger is read as it is sent, however often. */
export const largestKeptBlob = 4 * 1024 * 1024;

/** Of memory for blobs. */
const memoryBytes = 64 * 1024 * 1024;

/** How many blobs are known to have been asked for. Above it all are forgotten, and read from the disk once more. */
const mostAsked = 10_000;

export async function openBlobStore(folder: string, database: Pick<Database, 'read'>): Promise<BlobStore> {
  return new Blobs(await openBlobFolder(folder), database.read);
}

const insertBlob = statement((db, { sha256, bytes }: Placeholders<{ sha256: string; bytes: Buffer }>) =>
  db
    .insertInto('blobs')
    .values({ sha256, bytes })
    .onConflict((conflict) => conflict.column('sha256').doNothing()),
);

const findBlob = statement((db, { sha256 }: Placeholders<{ sha256: string }>) =>
  db.selectFrom('blobs').select('bytes').where('sha256', '=', sha256),
);

class Blobs implements BlobStore {
  readonly #folder: BlobFolder;
  readonly #db: Read;
  readonly #kept = new WeakSet<ReceivedBlob>();
  readonly #memory = createByteCache<Buffer>(memoryBytes);
  readonly #loading = new Map<string, Promise<Buffer | undefined>>();
  /** Large blobs that somebody asked for: what is fetched once does not push out what many fetch. */
  readonly #asked = new Set<string>();

  constructor(folder: BlobFolder, db: Read) {
    this.#folder = folder;
    this.#db = db;
  }

  receive(source: AsyncIterable<Uint8Array>, limits: ReceiveLimits): Promise<ReceivedBlob> {
    return this.#folder.receive(source, limits);
  }

  async keep(received: ReceivedBlob): Promise<void> {
    if (isKeptInFile(received)) await this.#folder.keep(received);
    this.#kept.add(received);
  }

  async keepIn(transaction: Write, received: ReceivedBlob): Promise<void> {
    if (!this.#kept.has(received)) throw new Error('a blob is named that was not kept before');
    const { content, sha256 } = received;
    if ('bytes' in content) await insertBlob.run(transaction, { sha256, bytes: content.bytes });
  }

  discard(received: ReceivedBlob): Promise<void> {
    return this.#folder.discard(received);
  }

  async open(sha256: string, range?: ByteRange): Promise<OpenBlob | undefined> {
    const row = await findBlob.first(this.#db, { sha256 });
    if (row === undefined) return await this.#folder.open(sha256, range);
    const { start, end } = range ?? { start: 0, end: row.bytes.byteLength - 1 };
    const content = Readable.from([row.bytes.subarray(start, end + 1)], { objectMode: false });
    return { size: row.bytes.byteLength, content };
  }

  async read(sha256: string, size: number): Promise<Buffer | undefined> {
    const known = this.#memory.get(sha256);
    if (known !== undefined) return known;
    if (size > largestSmallBlob && (size > largestKeptBlob || !this.#wasAsked(sha256))) return undefined;
    const begun = this.#loading.get(sha256);
    if (begun !== undefined) return await begun;
    const loading = this.#load(sha256, size).finally(() => this.#loading.delete(sha256));
    this.#loading.set(sha256, loading);
    return await loading;
  }

  /** Where small ones lie depends on when they came: before there was a table for them, all were files. */
  async #load(sha256: string, size: number): Promise<Buffer | undefined> {
    const row = size > largestInMemory ? undefined : await findBlob.first(this.#db, { sha256 });
    const bytes = row?.bytes ?? (await this.#folder.read(sha256));
    if (bytes !== undefined) this.#memory.set(sha256, bytes, bytes.byteLength);
    return bytes;
  }

  #wasAsked(sha256: string): boolean {
    if (this.#asked.has(sha256)) return true;
    if (this.#asked.size >= mostAsked) this.#asked.clear();
    this.#asked.add(sha256);
    return false;
  }
}
