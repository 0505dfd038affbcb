import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BlobFolder, type OpenBlob, openBlobFolder } from '../src/store/blob-folder.ts';
import { largestInMemory, type ReceivedBlob } from '../src/store/received-blob.ts';

let folder: string;
let blobs: BlobFolder;

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'pub-blobs-')), 'blobs');
  blobs = await openBlobFolder(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const incoming = () => readdirSync(join(folder, 'incoming'));
const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');
const placeOf = (digest: string) => join(folder, 'sha256', digest.slice(0, 2), digest);
const contentOf = (blob?: OpenBlob) => (blob ? buffer(blob.content) : undefined);
const limits = { maximumBytes: 1_000_000 };
const bytesOf = ({ content }: ReceivedBlob) =>
  'bytes' in content ? content.bytes : readFileSync(content.path);
/** What comes into memory, and what goes to a file: up to the limit, and one byte beyond. */
const sizes = [3000, largestInMemory, largestInMemory + 1, 200_000];

async function* inPieces(bytes: Uint8Array, size = 1000) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function kept(bytes: Uint8Array): Promise<string> {
  const received = await blobs.receive(inPieces(bytes), limits);
  await blobs.keep(received);
  return received.sha256;
}

describe('receiving', () => {
  test.each(sizes)(
    'gives the size and all three digests of %i bytes, and shows nothing yet',
    async (size) => {
      const bytes = randomBytes(size);
      const received = await blobs.receive(inPieces(bytes), limits);
      expect(received).toMatchObject({
        size,
        sha256: hex('sha256', bytes),
        sha512: hex('sha512', bytes),
        sha1: hex('sha1', bytes),
      });
      expect(bytesOf(received).equals(bytes)).toBe(true);
      expect(incoming()).toHaveLength(size > largestInMemory ? 1 : 0);
      expect(await blobs.open(received.sha256)).toBeUndefined();
    },
  );

  test.each([5000, 100_000])(
    'stops at a limit of %i bytes and leaves nothing behind',
    async (maximumBytes) => {
      let sent = 0;
      async function* endless() {
        for (;;) {
          sent += 1000;
          yield randomBytes(1000);
        }
      }
      await expect(blobs.receive(endless(), { maximumBytes })).rejects.toMatchObject({
        code: 'too_large',
      });
      expect(sent).toBe(maximumBytes + 1000);
      expect(incoming()).toEqual([]);
    },
  );

  test('a refused request can still be answered', async () => {
    const request = Readable.from([Buffer.alloc(10), Buffer.alloc(10), Buffer.alloc(10)]);
    await expect(blobs.receive(request, { maximumBytes: 15 })).rejects.toMatchObject({ code: 'too_large' });
    expect(request.destroyed).toBe(false);
  });

  test('takes exactly as many bytes as the limit allows', async () => {
    expect(await blobs.receive(inPieces(randomBytes(5000)), { maximumBytes: 5000 })).toMatchObject({
      size: 5000,
    });
  });

  test.each(sizes)('an upload that breaks off after %i bytes leaves nothing behind', async (size) => {
    async function* broken() {
      yield randomBytes(size);
      throw new Error('connection reset');
    }
    await expect(blobs.receive(broken(), limits)).rejects.toThrow('connection reset');
    expect(incoming()).toEqual([]);
  });

  test.each(sizes)('discarding %i bytes leaves nothing behind, also when done twice', async (size) => {
    const received = await blobs.receive(inPieces(randomBytes(size)), limits);
    await blobs.discard(received);
    await blobs.discard(received);
    expect(incoming()).toEqual([]);
  });
});

describe('keeping', () => {
  test.each(sizes)('puts %i bytes under their digest, readable by the owner only', async (size) => {
    const bytes = randomBytes(size);
    const digest = await kept(bytes);
    expect(readFileSync(placeOf(digest))).toEqual(bytes);
    expect(statSync(placeOf(digest)).mode & 0o777).toBe(0o600);
    expect(statSync(join(placeOf(digest), '..')).mode & 0o777).toBe(0o700);
    expect(incoming()).toEqual([]);
    expect((await blobs.read(digest))?.equals(bytes)).toBe(true);
  });

  test.each(sizes)('the same %i bytes can be kept again and again, at once', async (size) => {
    const bytes = randomBytes(size);
    const digests = await Promise.all(Array.from({ length: 8 }, () => kept(bytes)));
    expect(new Set(digests).size).toBe(1);
    expect((await blobs.read(hex('sha256', bytes)))?.equals(bytes)).toBe(true);
    expect(incoming()).toEqual([]);
  });

  test('bytes that cannot be written, as on a full disk, leave nothing behind', async () => {
    const received = await blobs.receive(inPieces(randomBytes(3_000)), limits);
    const content = { bytes: { byteLength: 3_000 } as Buffer };
    await expect(blobs.keep({ ...received, content })).rejects.toThrow();
    expect(incoming()).toEqual([]);
    expect(await blobs.open(received.sha256)).toBeUndefined();
  });

  test('a damaged blob is repaired by the next one with the same bytes', async () => {
    const bytes = randomBytes(3000);
    const digest = await kept(bytes);
    writeFileSync(placeOf(digest), bytes.subarray(0, 2999));
    await kept(bytes);
    expect((await blobs.read(digest))?.equals(bytes)).toBe(true);
  });

  test('an empty blob is a blob', async () => {
    const digest = await kept(Buffer.alloc(0));
    expect((await blobs.read(digest))?.byteLength).toBe(0);
  });
});

describe('reading', () => {
  test('gives the whole blob or a range of it, and always the whole size', async () => {
    const bytes = randomBytes(3000);
    const digest = await kept(bytes);
    const whole = await blobs.open(digest);
    const range = await blobs.open(digest, { start: 10, end: 19 });
    expect([whole?.size, range?.size]).toEqual([3000, 3000]);
    expect(await contentOf(whole)).toEqual(bytes);
    expect(await contentOf(range)).toEqual(bytes.subarray(10, 20));
  });

  test('what was never kept is absent', async () => {
    const digest = hex('sha256', Buffer.from('other'));
    expect(await blobs.open(digest)).toBeUndefined();
    expect(await blobs.read(digest)).toBeUndefined();
  });

  test.each(['', '..', `../${'a'.repeat(61)}`, 'A'.repeat(64), `${'a'.repeat(64)}\n`])(
    '%j is not taken for a file name',
    async (digest) => {
      await expect(blobs.open(digest)).rejects.toThrow(TypeError);
      await expect(blobs.read(digest)).rejects.toThrow(TypeError);
    },
  );
});

describe('starting again', () => {
  const thisHost = hostname().replaceAll(/[^A-Za-z0-9]/g, '_');
  const leave = (name: string) => writeFileSync(join(folder, 'incoming', name), 'half');

  test('removes what dead processes left, and what an earlier process with this id left', async () => {
    leave(`${thisHost}-${2 ** 30}-abc-1`);
    leave(`${thisHost}-${process.pid}-abc-1`);
    await openBlobFolder(folder);
    expect(incoming()).toEqual([]);
  });

  test('touches neither an upload of this process nor of a living one nor of another host', async () => {
    const received = await blobs.receive(inPieces(randomBytes(100_000)), limits);
    leave(`${thisHost}-${process.ppid}-abc-1`);
    leave('elsewhere-7-abc-1');
    await openBlobFolder(folder);
    expect(incoming()).toHaveLength(3);
    await blobs.keep(received);
  });

  test("removes another host's files after a day", async () => {
    leave('elsewhere-7-abc-1');
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(join(folder, 'incoming', 'elsewhere-7-abc-1'), yesterday, yesterday);
    await openBlobFolder(folder);
    expect(incoming()).toEqual([]);
  });

  test('blobs are still there', async () => {
    const bytes = randomBytes(100);
    const digest = await kept(bytes);
    expect((await (await openBlobFolder(folder)).read(digest))?.equals(bytes)).toBe(true);
  });
});
