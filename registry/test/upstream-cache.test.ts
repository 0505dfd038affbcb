import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Background } from '../src/background.ts';
import { type UpstreamCache, upstreamCache } from '../src/upstream/cache.ts';
import { archiveFile, documentFile, keptFiles, pinsFile } from '../src/upstream/kept-files.ts';
import { startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry, place } from './support/test-registry.ts';

/** How much of other registries' packages stays on disk, and which of them. */

const block = 4_096;
const day = 24 * 60 * 60;
/** What lies there takes two blocks. */
const body = 'x'.repeat(block);
const document = { about: {}, body, checkedAt: 1 };

function newFolder(): string {
  const folder = mkdtempSync(join(place, 'pub-upstream-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Another process on the folder, as far as one process can show it. */
function cacheOn(folder: string, maximumBytes: number): [UpstreamCache, settled: () => Promise<void>] {
  const failures: unknown[] = [];
  const background = new Background((error) => void failures.push(error));
  const settled = async () => {
    await background.settled();
    expect(failures).toEqual([]);
  };
  return [upstreamCache(folder, { maximumBytes, background }), settled];
}

/** As if it had been used so many days ago for the last time. */
function unusedFor(days: number, path: string): void {
  utimesSync(path, Date.now() / 1_000 - days * day, statSync(path).mtimeMs / 1_000);
}

async function keepArchive({ archives }: UpstreamCache, bytes: Buffer): Promise<string> {
  const source = async function* () {
    yield bytes;
  };
  const received = await archives.receive(source(), { maximumBytes: bytes.byteLength });
  await archives.keep(received);
  return received.sha256;
}

/** Another one may have taken it away. */
function unusedForADayIfThere(path: string): void {
  try {
    unusedFor(1, path);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOENT' });
  }
}

/** Of what is really read under that name. */
async function digestOf({ archives }: UpstreamCache, sha256: string): Promise<string | undefined> {
  const opened = await archives.open(sha256);
  if (opened === undefined) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of opened.content) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Ten documents and ten archives of two blocks each, the first unused for one day, the last for twenty. */
async function fill(folder: string): Promise<{ path: string; key: string }[]> {
  const [cache] = cacheOn(folder, Number.MAX_SAFE_INTEGER);
  const kept: { path: string; key: string }[] = [];
  for (let index = 0; index < 10; index++) {
    await cache.write(`document ${index}`, document);
    const sha256 = await keepArchive(cache, randomBytes(block + 1));
    kept.push({ key: `document ${index}`, path: documentFile(folder, `document ${index}`) });
    kept.push({ key: sha256, path: archiveFile(folder, sha256) });
  }
  kept.forEach(({ path }, index) => void unusedFor(index + 1, path));
  return kept;
}

const areThere = (files: { path: string }[]) => files.map(({ path }) => existsSync(path));

async function bytesIn(folder: string): Promise<number> {
  let total = 0;
  for await (const { size } of keptFiles(folder)) total += size;
  return total;
}

describe('a folder over its limit', () => {
  test('loses what was not used for longest, documents and archives alike', async () => {
    const folder = newFolder();
    const files = await fill(folder);
    const [cache, settled] = cacheOn(folder, 30 * block);
    await cache.write('new', document);
    await settled();
    // 27 blocks may stay: the new document's two, and twelve files of two.
    expect(areThere(files)).toEqual([...Array(12).fill(true), ...Array(8).fill(false)]);
    expect(await cache.read('new')).toEqual({ ...document, checkedAt: expect.closeTo(1) });
  });

  test('keeps what somebody read since, also before a restart', async () => {
    const folder = newFolder();
    const files = await fill(folder);
    const [oldDocument, oldArchive] = [files[18], files[19]];
    if (oldDocument === undefined || oldArchive === undefined) throw new Error('not filled');
    const [before] = cacheOn(folder, 30 * block);
    await before.read(oldDocument.key);
    const opened = await before.archives.open(oldArchive.key);
    opened?.content.destroy();
    expect(opened?.size).toBe(block + 1);
    const [after, settled] = cacheOn(folder, 30 * block);
    await after.write('new', document);
    await settled();
    expect(areThere(files)).toEqual([...Array(10).fill(true), ...Array(8).fill(false), true, true]);
  });

  test('is not looked through by who only reads', async () => {
    const folder = newFolder();
    const files = await fill(folder);
    const [cache, settled] = cacheOn(folder, block);
    for (const { key } of files) {
      if (key.startsWith('document')) expect((await cache.read(key))?.body).toBe(body);
      else (await cache.archives.open(key))?.content.destroy();
    }
    await settled();
    expect(areThere(files)).toEqual(Array(20).fill(true));
  });

  test('loses documents last while an upstream does not answer', async () => {
    const folder = newFolder();
    const files = await fill(folder);
    const [cache, settled] = cacheOn(folder, 20 * block);
    cache.silentUntil.set('https://upstream.example/', 0);
    await cache.write('new', document);
    await settled();
    // Eight of ten documents beside the new one: all archives were not enough.
    const isDocument = ({ key }: { key: string }) => key.startsWith('document');
    expect(areThere(files.filter((file) => !isDocument(file)))).toEqual(Array(10).fill(false));
    expect(areThere(files.filter(isDocument))).toEqual([...Array(8).fill(true), false, false]);
  });

  test('remembers for a month longer what each version was', async () => {
    const folder = newFolder();
    const files = await fill(folder);
    const sha512 = createHash('sha512').digest('base64');
    const [before] = cacheOn(folder, Number.MAX_SAFE_INTEGER);
    for (const name of ['left', 'right']) await before.pins.add(name, new Map([['1.0.0', sha512]]));
    unusedFor(29, pinsFile(folder, 'left'));
    unusedFor(60, pinsFile(folder, 'right'));
    const [cache, settled] = cacheOn(folder, 4 * block);
    await cache.write('new', document);
    await settled();
    expect(areThere(files)).toEqual(Array(20).fill(false));
    expect(existsSync(pinsFile(folder, 'left'))).toBe(true);
    expect(existsSync(pinsFile(folder, 'right'))).toBe(false);
  });

  test('keeps what has just arrived, however much that is', async () => {
    const folder = newFolder();
    const [cache, settled] = cacheOn(folder, 1);
    const sha256 = await keepArchive(cache, Buffer.from('archive'));
    await cache.write('one', document);
    await settled();
    await cache.write('two', document);
    await settled();
    expect(await bytesIn(folder)).toBe(5 * block);
    (await cache.archives.open(sha256))?.content.destroy();
  });

  test('keeps what is being written, and loses what a crash left a day ago', async () => {
    const folder = newFolder();
    await fill(folder);
    const written = `${documentFile(folder, 'one')}.0123456789ab`;
    const left = `${documentFile(folder, 'two')}.0123456789ab`;
    const strange = join(folder, 'documents', 'notes');
    for (const path of [written, left, strange]) writeFileSync(path, 'half of');
    unusedFor(2, left);
    const [cache, settled] = cacheOn(folder, block);
    await cache.write('new', document);
    await settled();
    expect([existsSync(written), existsSync(left)]).toEqual([true, false]);
    expect(readdirSync(join(folder, 'archives')).sort()).toEqual(['incoming', 'sha256']);
    expect(await cache.read('new')).toBeDefined();
  });

  test('is in order for several who write, read and clear it at the same time', async () => {
    const folder = newFolder();
    const limit = 40 * block;
    const caches = [cacheOn(folder, limit), cacheOn(folder, limit), cacheOn(folder, limit)] as const;
    const archives = Array.from({ length: 20 }, () => randomBytes(block + 1));
    const work = caches.flatMap(([cache]) =>
      archives.flatMap((bytes, index) =>
        [true, false, true].map(async (old) => {
          const key = `document ${index}`;
          await cache.write(key, document);
          const sha256 = await keepArchive(cache, bytes);
          if (old) {
            unusedForADayIfThere(documentFile(folder, key));
            unusedForADayIfThere(archiveFile(folder, sha256));
          }
          expect([body, undefined]).toContain((await cache.read(key))?.body);
          expect([sha256, undefined]).toContain(await digestOf(cache, sha256));
        }),
      ),
    );
    await Promise.all(work);
    for (const [, settled] of caches) await settled();
    for await (const { path } of keptFiles(folder)) unusedFor(1, path);
    const [last, settled] = cacheOn(folder, limit);
    await last.write('new', document);
    await settled();
    expect(await bytesIn(folder)).toBeLessThanOrEqual(limit);
  });
});

describe('a file that goes while it is in use', () => {
  const archive = '/left/-/left-1.0.0.tgz';

  async function proxy() {
    const upstream = await startScriptedUpstream();
    const registry = await createTestRegistry({
      settings: { upstreams: through(upstream) },
      upstreamCacheBytes: block,
    });
    const folder = join(registry.data, 'upstream');
    const files = () => readdirSync(join(folder, 'documents'));
    const removeAll = () => {
      for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (/^[0-9a-f]{64}$/.test(name)) rmSync(join(parentPath, name));
      }
    };
    return { upstream, registry, files, removeAll };
  }

  test('is written again when upstream says that it still holds', async () => {
    const { upstream, registry, files, removeAll } = await proxy();
    upstream.publish();
    const first = await registry.anonymous.get('/left');
    upstream.on('/left', {
      by(_request, response) {
        removeAll();
        response.writeHead(304).end();
      },
    });
    registry.clock.advance(5 * 60_000);
    const { status, text, headers } = await registry.anonymous.get('/left');
    expect([status, text, headers['age']]).toEqual([200, first.text, '0']);
    expect(files()).toHaveLength(1);
    expect((await registry.anonymous.get('/left')).text).toBe(first.text);
    expect(upstream.requests).toHaveLength(2);
  });

  test('is not remembered in another’s place: what a second process wrote is what counts', async () => {
    const folder = newFolder();
    const [[one], [other]] = [cacheOn(folder, 1e9), cacheOn(folder, 1e9)];
    await one.write('left', document);
    for (const text of ['y', 'z']) {
      expect((await one.read('left'))?.body).toHaveLength(block);
      await other.write('left', { ...document, body: text.repeat(block), checkedAt: 2 });
      expect((await one.read('left'))?.body).toBe(text.repeat(block));
    }
    await other.touch('left', { ...document, checkedAt: 5_000 });
    expect((await one.read('left'))?.checkedAt).toBe(5_000);
    rmSync(documentFile(folder, 'left'));
    expect(await one.read('left')).toBeUndefined();
  });

  test('is fetched again, the whole of it or either part', async () => {
    const { upstream, registry, removeAll } = await proxy();
    const bytes = upstream.publish();
    await registry.anonymous.get(archive);
    removeAll();
    expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
    const { archives } = registry.services.upstreamCache;
    const { open } = archives;
    // Between the look into its document and into its folder.
    archives.open = async (sha256) => {
      archives.open = open;
      removeAll();
      return await open(sha256);
    };
    expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
    const paths = upstream.requests.map(({ path }) => path);
    expect(paths).toEqual(['/left', archive, '/left', archive, archive]);
  });

  test('is no hindrance to many who install, with hardly any room', async () => {
    const { upstream, registry } = await proxy();
    const names = Array.from({ length: 10 }, (_, index) => `left${index}`);
    const bytes = names.map((name) => upstream.publish({ name }));
    const reads = names.flatMap((name, index) =>
      Array.from({ length: 4 }, async () => {
        expect((await registry.anonymous.get(`/${name}`)).status).toBe(200);
        const answer = await registry.anonymous.get(`/${name}/-/${name}-1.0.0.tgz`);
        expect(answer.bytes).toEqual(bytes[index]);
      }),
    );
    await Promise.all(reads);
    await registry.services.background.settled();
    expect(registry.log).toEqual([]);
  });
});

describe('a packument from upstream', () => {
  const compressed = { headers: { 'accept-encoding': 'gzip, deflate' } };

  async function withLongReadme() {
    const upstream = await startScriptedUpstream();
    const registry = await createTestRegistry({ settings: { upstreams: through(upstream) } });
    const publish = (readme: string) =>
      upstream.publish({}, (packument) => {
        packument.readme = readme.repeat(1_000);
      });
    publish('long ');
    return { upstream, registry, publish };
  }

  test('goes out compressed to who takes it so, each form under an ETag of its own', async () => {
    const { registry } = await withLongReadme();
    const plain = await registry.anonymous.get('/left');
    const { headers, bytes } = await registry.anonymous.get('/left', compressed);
    expect([plain.headers['content-encoding'], headers['content-encoding']]).toEqual([undefined, 'gzip']);
    expect(headers['vary']).toBe('accept-encoding, accept, authorization');
    expect(headers['etag']).not.toBe(plain.headers['etag']);
    const { gunzipSync } = await import('node:zlib');
    expect(gunzipSync(bytes).toString()).toBe(plain.text);
    for (const [etag, options] of [
      [plain.headers['etag'], {}],
      [headers['etag'], compressed],
    ] as const) {
      const known = { headers: { ...options.headers, 'if-none-match': String(etag) } };
      expect((await registry.anonymous.get('/left', known)).status).toBe(304);
    }
  });

  test('is another one in both forms once upstream says so', async () => {
    const { registry, publish } = await withLongReadme();
    const before = await registry.anonymous.get('/left', compressed);
    publish('other ');
    registry.clock.advance(5 * 60_000);
    const after = await registry.anonymous.get('/left', compressed);
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    const { gunzipSync } = await import('node:zlib');
    expect(gunzipSync(after.bytes).toString()).toContain('other other');
    expect((await registry.anonymous.get('/left')).text).toContain('other other');
  });
});

describe('a name that upstream does not have', () => {
  const forms = ['application/json', 'application/vnd.npm.install-v1+json'];

  async function proxy() {
    const upstream = await startScriptedUpstream();
    const options = { settings: { upstreams: through(upstream) } };
    const registry = await createTestRegistry(options);
    const restarted = () => registry.another(options);
    return { upstream, registry, restarted };
  }

  test('is asked for once a minute, whatever form and file of it is wanted', async () => {
    const { upstream, registry } = await proxy();
    for (const accept of forms) {
      const answer = await registry.anonymous.get('/left', { headers: { accept } });
      expect(answer).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect((await registry.anonymous.get('/left/-/left-1.0.0.tgz')).status).toBe(404);
    expect(upstream.requests).toHaveLength(1);
    registry.clock.advance(60_000);
    upstream.publish();
    for (const accept of forms) {
      expect((await registry.anonymous.get('/left', { headers: { accept } })).status).toBe(200);
    }
  });

  test('takes no room on disk, however many there are, and no more than some in memory', async () => {
    const { registry } = await proxy();
    for (let number = 0; number < 50; number++) await registry.anonymous.get(`/left${number}`);
    expect(existsSync(join(registry.data, 'upstream', 'documents'))).toBe(false);
    const { refusals } = registry.services.upstreamCache;
    for (let number = 0; number < 10_000; number++) refusals.set(`made up ${number}`, { status: 404, at: 0 });
    await registry.anonymous.get('/right');
    expect(refusals.size).toBe(1);
  });

  test('is still not there without upstream and after a restart, once it was asked for again', async () => {
    const { upstream, registry, restarted } = await proxy();
    await registry.anonymous.get('/left');
    registry.clock.advance(60_000);
    await registry.anonymous.get('/left');
    await upstream.stop();
    registry.clock.advance(24 * 60 * 60_000);
    const other = await restarted();
    for (const accept of forms) {
      expect((await other.anonymous.get('/left', { headers: { accept } })).code).toBe('not_found');
    }
  });

  test('and had before is gone in every form, after a restart too', async () => {
    const { upstream, registry, restarted } = await proxy();
    upstream.publish();
    for (const accept of forms) await registry.anonymous.get('/left', { headers: { accept } });
    upstream.on('/left', { status: 404 });
    registry.clock.advance(5 * 60_000);
    expect((await registry.anonymous.get('/left')).code).toBe('not_found');
    await upstream.stop();
    const other = await restarted();
    for (const accept of forms) {
      expect((await other.anonymous.get('/left', { headers: { accept } })).code).toBe('not_found');
    }
  });
});
