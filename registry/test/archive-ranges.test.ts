import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { parseRange } from '../src/protocols/byte-range.ts';
import { largestKeptBlob, largestSmallBlob } from '../src/store/blobs.ts';
import { foldersIn } from '../src/wiring.ts';
import { archiveOf, publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';

const small = { version: '1.0.0', files: { 'index.js': 'export {}' } };
/** Kept in memory when it is asked for again, and never. */
const large = { version: '2.0.0', files: { 'data.txt': randomBytes(largestSmallBlob).toString('hex') } };
const huge = { version: '3.0.0', files: { 'data.txt': randomBytes(largestKeptBlob).toString('hex') } };

async function withArchives(releases = [small, large]) {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const archives = releases.map((release) => {
    const bytes = archiveOf(release);
    return { url: `/@acme/tool/-/tool-${release.version}.tgz`, bytes, release };
  });
  for (const { bytes: archive, release } of archives)
    expect((await publish(alice, release, { archive })).status).toBe(201);
  const limits = [0, largestSmallBlob, largestKeptBlob];
  for (const [i, { bytes }] of archives.entries()) expect(bytes.byteLength).toBeGreaterThan(limits[i] ?? 0);
  return { registry, alice, archives };
}

test('an archive is sent whole to who asks for all of it, for several parts, or for what is no range', async () => {
  const { registry, archives } = await withArchives();
  const ranges = ['', 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=5-2', 'bytes=0-1,3-4', 'bytes=1-1-1'];
  const odd = [
    'lines=1-2',
    'bytes=+1-2',
    'bytes=0x1-2',
    'bytes=1.0-2',
    'bytes=-1-2',
    'bytes= 1 - 2',
    'bytes=１-2',
  ];
  for (const { url, bytes } of archives) {
    for (const range of [undefined, ...ranges, ...odd]) {
      const answer = await registry.anonymous.get(url, { headers: range === undefined ? {} : { range } });
      expect([range, answer.status, answer.bytes.equals(bytes)]).toEqual([range, 200, true]);
      expect(answer.headers['accept-ranges']).toBe('bytes');
      expect(answer.headers['content-length']).toBe(String(bytes.byteLength));
      expect(answer.headers['content-range']).toBeUndefined();
    }
  }
});

test('a part of an archive is exactly the bytes that were asked for, as far as there are any', async () => {
  const { registry, archives } = await withArchives([small, large, huge]);
  for (const { url, bytes } of archives) {
    const last = bytes.byteLength - 1;
    const parts: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=10-99', 10, 99],
      [`bytes=${last}-`, last, last],
      ['bytes=7-', 7, last],
      ['bytes=-1', last, last],
      ['bytes=-50', last - 49, last],
      [`bytes=-${'9'.repeat(30)}`, 0, last],
      [`bytes=3-${'9'.repeat(400)}`, 3, last],
      ['BYTES=0-1', 0, 1],
    ];
    for (const [range, start, end] of parts) {
      const answer = await registry.anonymous.get(url, { headers: { range } });
      expect([range, answer.status]).toEqual([range, 206]);
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${bytes.byteLength}`);
      expect(answer.headers['content-length']).toBe(String(end - start + 1));
      expect(answer.bytes.equals(bytes.subarray(start, end + 1)), range).toBe(true);
    }
  }
});

test('a part in which nothing lies is refused with the size there is, and nobody caches that', async () => {
  const { registry, archives } = await withArchives();
  for (const { url, bytes } of archives) {
    for (const range of [
      `bytes=${bytes.byteLength}-`,
      `bytes=${'9'.repeat(400)}-`,
      'bytes=-0',
      'bytes=-000',
    ]) {
      const answer = await registry.anonymous.get(url, { headers: { range } });
      expect([range, answer.status, answer.code]).toEqual([range, 416, 'range_not_satisfiable']);
      expect(answer.headers['content-range']).toBe(`bytes */${bytes.byteLength}`);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  }
});

test('a part is sent only of the archive the client has the rest of', async () => {
  const { registry, archives } = await withArchives();
  for (const { url, bytes } of archives) {
    const etag = String((await registry.anonymous.get(url)).headers['etag']);
    const ask = (ifRange: string) =>
      registry.anonymous.get(url, { headers: { range: 'bytes=5-9', 'if-range': ifRange } });
    const part = await ask(etag);
    expect([part.status, part.bytes.equals(bytes.subarray(5, 10))]).toEqual([206, true]);
    for (const other of [`W/${etag}`, '"other"', 'Tue, 24 Nov 2026 22:00:00 GMT', '*']) {
      expect([other, (await ask(other)).status]).toEqual([other, 200]);
    }
    const known = { range: 'bytes=5-9', 'if-none-match': etag };
    expect((await registry.anonymous.get(url, { headers: known })).status).toBe(304);
  }
});

test('HEAD says what there is whatever part is asked for, and reads none of it', async () => {
  const { registry, archives } = await withArchives();
  for (const { url, bytes } of archives) {
    for (const headers of [{}, { range: 'bytes=5-9' }, { range: 'bytes=999999999-' }]) {
      const answer = await registry.anonymous.send('HEAD', url, { headers });
      expect([answer.status, answer.text]).toEqual([200, '']);
      expect(answer.headers['content-length']).toBe(String(bytes.byteLength));
      expect(answer.headers['accept-ranges']).toBe('bytes');
    }
  }
});

test('a download that is given up half way leaves no file open, and neither does HEAD', async () => {
  const { registry, archives } = await withArchives([huge]);
  const open = vi.spyOn(registry.services.blobs, 'open');
  const url = archives[0]?.url ?? '';
  expect((await registry.anonymous.send('HEAD', url)).status).toBe(200);
  await registry.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = registry.app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await once(socket, 'data');
  socket.destroy();
  const opened = await Promise.all(open.mock.results.map((result) => result.value));
  const closed = () => opened.map((blob) => blob?.content.closed);
  await vi.waitFor(() => expect(closed()).toEqual([true, true]), { timeout: 20_000 });
});

test('a part of a restricted archive is for those who may read it', async () => {
  const { registry, alice, archives } = await withArchives();
  await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
  for (const { url } of archives) {
    for (const range of ['bytes=0-0', 'bytes=999999999-']) {
      const [own, stranger] = [alice, registry.anonymous].map((who) => who.get(url, { headers: { range } }));
      expect((await stranger)?.status).toBe(404);
      expect((await stranger)?.headers['content-range']).toBeUndefined();
      expect((await own)?.headers['cache-control']).toMatch(/^(private|no-store)/);
    }
  }
});

test('a part of an archive that is gone is a fault, and says nothing of a part', async () => {
  const { registry, archives } = await withArchives();
  rmSync(`${foldersIn(registry.data).blobs}/sha256`, { recursive: true });
  registry.sql('delete from blobs');
  for (const { url } of archives) {
    const answer = await registry.anonymous.get(url, { headers: { range: 'bytes=0-9' } });
    expect([answer.status, answer.headers['content-range'], answer.headers['accept-ranges']]).toEqual([
      500,
      undefined,
      undefined,
    ]);
  }
});

test('a range is read within the body, whatever numbers are in it', () => {
  for (const size of [0, 1, 2, 1_000]) {
    for (const first of ['', '0', '1', '2', '999', '1000', '4294967296', '9'.repeat(400)]) {
      for (const last of ['', '0', '1', '999', '18446744073709551616', '9'.repeat(400)]) {
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (range === 'whole' || range === 'none') continue;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThan(size);
      }
    }
  }
});
