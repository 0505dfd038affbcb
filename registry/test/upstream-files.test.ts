import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Background } from '../src/background.ts';
import { upstreamCache } from '../src/upstream/cache.ts';
import { documentFile } from '../src/upstream/kept-files.ts';
import { startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry, place } from './support/test-registry.ts';

/** What lies on disk may be damaged, and the disk may be full. */

const archive = '/left/-/left-1.0.0.tgz';

async function proxy() {
  const upstream = await startScriptedUpstream();
  const options = { settings: { upstreams: through(upstream) } };
  const registry = await createTestRegistry(options);
  const folder = join(registry.data, 'upstream');
  const restarted = async () => (await registry.another(options)).anonymous;
  const filesIn = (part: string) =>
    readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  return { upstream, registry, folder, restarted, filesIn };
}

function newCache(failures: unknown[] = []) {
  const folder = mkdtempSync(join(place, 'pub-upstream-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const background = new Background((error) => void failures.push(error));
  return { folder, cache: upstreamCache(folder, { maximumBytes: 1e9, background }) };
}

describe('a kept file that is damaged', () => {
  test.each(['head', 'body'])('in its %s is no document any more, and is asked for again', async (part) => {
    const { upstream, registry, restarted, filesIn } = await proxy();
    upstream.publish({}, (packument) => {
      packument.readme = 'long '.repeat(1_000);
    });
    const { text } = await registry.anonymous.get('/left');
    const [path] = filesIn('documents') as [string];
    const bytes = readFileSync(path);
    bytes.write('X', part === 'head' ? bytes.indexOf('"sha512":"') + 20 : bytes.length - 500);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    expect((await (await restarted()).get('/left')).text).toBe(text);
    expect(upstream.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  test('and was cut short is no archive any more, and is fetched again', async () => {
    const { upstream, registry, filesIn } = await proxy();
    const bytes = upstream.publish();
    await registry.anonymous.get(archive);
    const [path] = filesIn('archives/sha256') as [string];
    for (const length of [bytes.byteLength - 1, 0]) {
      truncateSync(path, length);
      const { headers, bytes: received } = await registry.anonymous.get(archive);
      expect([received, headers['content-length']]).toEqual([bytes, String(bytes.byteLength)]);
    }
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/left', archive, archive, archive]);
  });
});

describe('a disk that is full', () => {
  test('keeps nobody from what upstream says, and is logged once an hour', async () => {
    const { upstream, registry } = await proxy();
    const bytes = upstream.publish();
    const { upstreamCache: cache, background } = registry.services;
    const fail = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    Object.assign(cache, { write: fail, touch: fail });
    Object.assign(cache.pins, { add: fail });
    for (let time = 0; time < 3; time++) {
      expect((await registry.anonymous.get('/left')).body.versions['1.0.0']).toBeDefined();
      expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
    }
    upstream.on('/left', { status: 404 });
    for (let time = 0; time < 2; time++) {
      expect((await registry.anonymous.get('/left')).code).toBe('not_found');
      registry.clock.advance(60_000);
    }
    await background.settled();
    expect(registry.log).toEqual([
      'what was read from upstream is not kept: ENOSPC: no space left on device, write',
    ]);
  });

  test('still knows what a version was', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const before = (await registry.anonymous.get('/left')).body.versions['1.0.0'].dist.integrity;
    Object.assign(registry.services.upstreamCache.pins, {
      add: async () => Promise.reject(new Error('full')),
    });
    upstream.publish({ files: { 'evil.js': 'x' } });
    registry.clock.advance(5 * 60_000);
    expect((await registry.anonymous.get('/left')).body.versions['1.0.0'].dist.integrity).toBe(before);
  });

  test('is left no half of a file', async () => {
    const { cache, folder } = newCache();
    const path = documentFile(folder, 'left');
    mkdirSync(join(path, 'in the way'), { recursive: true });
    await expect(cache.write('left', { about: {}, body: 'x', checkedAt: 1 })).rejects.toThrow();
    expect(readdirSync(join(folder, 'documents'))).toHaveLength(1);
  });
});

test('archives are kept from when that is possible, though it was not before', async () => {
  const { upstream, registry, folder } = await proxy();
  const bytes = upstream.publish();
  mkdirSync(join(folder, 'archives'), { recursive: true });
  writeFileSync(join(folder, 'archives/incoming'), 'in the way');
  expect((await registry.anonymous.get(archive)).code).toBe('upstream_unavailable');
  rmSync(join(folder, 'archives/incoming'));
  expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
});

describe('a packument of 28 MB', () => {
  const readme = 'r'.repeat(28 * 1024 * 1024);

  test('is read from disk once', async () => {
    const { cache } = newCache();
    await cache.write('left', { about: {}, body: readme, checkedAt: 1 });
    const read = await cache.read('left');
    expect(read?.body.length).toBe(readme.length);
    // Without a message of 28 MB.
    expect((await cache.read('left')) === read).toBe(true);
  });

  test('is prepared once, and not at all for who has it', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish({}, (packument) => {
      packument.readme = readme;
    });
    const set = vi.spyOn(registry.services.upstreamCache.prepared, 'set');
    const etags: string[] = [];
    for (const coding of ['identity', 'gzip']) {
      const headers = { 'accept-encoding': coding };
      const { headers: sent } = await registry.anonymous.get('/left', { headers });
      etags.push(String(sent['etag']));
      const known = { ...headers, 'if-none-match': String(sent['etag']) };
      const again = await registry.anonymous.get('/left', { headers: known });
      expect(again.status).toBe(304);
      for (const name of ['etag', 'vary', 'cache-control']) expect(again.headers[name]).toBe(sent[name]);
    }
    expect(new Set(etags).size).toBe(2);
    expect(set.mock.calls.length).toBe(1);
    const other = await registry.another({ settings: { upstreams: through(upstream) } });
    const prepare = vi.spyOn(other.services.upstreamCache.prepared, 'set');
    const headers = { 'accept-encoding': 'gzip', 'if-none-match': String(etags[1]) };
    expect((await other.anonymous.get('/left', { headers })).status).toBe(304);
    expect(prepare.mock.calls.length).toBe(0);
  });
});
