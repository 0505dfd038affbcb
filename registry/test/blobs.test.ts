import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBlobFolder } from '../src/store/blob-folder.ts';
import { type BlobStore, openBlobStore } from '../src/store/blobs.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { largestInMemory, type ReceivedBlob } from '../src/store/received-blob.ts';

let data: string;
let database: Database;
let blobs: BlobStore;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'pub-blobs-'));
  database = await openDatabase(join(data, 'registry.sqlite'));
  blobs = await openBlobStore(join(data, 'blobs'), database);
});
afterEach(async () => {
  await database.close();
  rmSync(data, { recursive: true });
});

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fileOf = (sha256: string) => join(data, 'blobs', 'sha256', sha256.slice(0, 2), sha256);
const inRows = async () =>
  (await database.read.selectFrom('blobs').select('sha256').execute()).map((r) => r.sha256);

async function* of(bytes: Uint8Array) {
  yield bytes;
}

const receive = (bytes: Uint8Array) => blobs.receive(of(bytes), { maximumBytes: 1_000_000 });

async function keep(received: ReceivedBlob): Promise<void> {
  await blobs.keep(received);
  await database.write((transaction) => blobs.keepIn(transaction, received));
}

const small = randomBytes(3_000);
const large = randomBytes(largestInMemory + 1);

test('a small blob is a row and no file, a large one a file and no row; both read the same', async () => {
  for (const bytes of [small, large]) {
    await keep(await receive(bytes));
    const sha256 = sha256Of(bytes);
    expect((await blobs.read(sha256, bytes.byteLength))?.equals(bytes)).toBe(true);
    const [whole, part] = [await blobs.open(sha256), await blobs.open(sha256, { start: 10, end: 19 })];
    expect([whole?.size, part?.size]).toEqual([bytes.byteLength, bytes.byteLength]);
    expect(whole && (await buffer(whole.content)).equals(bytes)).toBe(true);
    expect(part && (await buffer(part.content)).equals(bytes.subarray(10, 20))).toBe(true);
  }
  expect(await inRows()).toEqual([sha256Of(small)]);
  expect([small, large].map((bytes) => existsSync(fileOf(sha256Of(bytes))))).toEqual([false, true]);
});

test('a small blob is there with the commit and not before, and not at all where it fails', async () => {
  const received = await receive(small);
  const { sha256, size } = received;
  await blobs.keep(received);
  expect(await blobs.read(sha256, size)).toBeUndefined();
  const failing = database.write(async (transaction) => {
    await blobs.keepIn(transaction, received);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await blobs.read(sha256, size)).toBeUndefined();
  expect(await blobs.open(sha256)).toBeUndefined();
  await keep(received);
  expect((await blobs.read(sha256, size))?.equals(small)).toBe(true);
});

test.each([small, large])('nothing names a blob that was not kept (%#)', async (bytes) => {
  const received = await receive(bytes);
  const naming = database.write((transaction) => blobs.keepIn(transaction, received));
  await expect(naming).rejects.toThrow('not kept');
  await blobs.discard(received);
  expect(await inRows()).toEqual([]);
});

test('the same bytes are kept once, however often they come', async () => {
  await Promise.all(Array.from({ length: 8 }, async () => await keep(await receive(small))));
  expect(await inRows()).toEqual([sha256Of(small)]);
});

test('a small blob that came when all were files is still read', async () => {
  const folder = await openBlobFolder(join(data, 'blobs'));
  await folder.keep(await receive(small));
  const sha256 = sha256Of(small);
  expect((await blobs.read(sha256, small.byteLength))?.equals(small)).toBe(true);
  const found = await blobs.open(sha256);
  expect(found && (await buffer(found.content)).equals(small)).toBe(true);
  expect(await inRows()).toEqual([]);
});
