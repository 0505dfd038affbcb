import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { IndexRenderer } from '../src/packages/index-renderer.ts';
import { recallPackage } from '../src/packages/packages.ts';
import { npmEcosystem } from '../src/protocols/npm/ecosystem.ts';
import type { Client } from './support/client.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';
const short = { headers: { accept: 'application/vnd.npm.install-v1+json' } };
const gzip = { headers: { 'accept-encoding': 'gzip' } };

/** A registry that tells what it renders, and fails to when it is told to. */
async function withCountedRenderer() {
  const rendered: string[] = [];
  const fault = { next: false };
  const renderer: IndexRenderer = {
    async render(db, request) {
      rendered.push(`${request.record.name} ${request.form} ${request.record.revision}`);
      if (fault.next) throw new Error('cannot render');
      return await npmEcosystem.renderer.render(db, request);
    },
  };
  const registry = await createTestRegistry({ ecosystems: { npm: { ...npmEcosystem, renderer } } });
  return { registry, rendered, fault };
}

const versionsIn = async (client: Client) => Object.keys((await client.get(tool)).body?.versions ?? {});

describe('a document', () => {
  test('is rendered once after a change, however many ask for it at once, and not at all by a publish', async () => {
    const { registry, rendered } = await withCountedRenderer();
    const alice = await registry.signUp('alice');
    for (const version of ['1.0.0', '1.0.1']) await publish(alice, { version });
    expect(rendered).toEqual([]);
    const readers = [alice, registry.anonymous, registry.anonymous];
    const texts = await Promise.all(readers.map(async (reader) => (await reader.get(tool)).text));
    expect(new Set(texts).size).toBe(1);
    await registry.anonymous.get(tool, short);
    await registry.anonymous.get(tool, gzip);
    await registry.anonymous.send('HEAD', tool);
    expect(rendered).toEqual(['@acme/tool full 2', '@acme/tool abbreviated 2']);
    await publish(alice, { version: '1.0.2' });
    await registry.anonymous.get(tool);
    expect(rendered.slice(2)).toEqual(['@acme/tool full 3']);
  });

  test('that cannot be rendered is a fault for who asked, and is tried again', async () => {
    const { registry, fault } = await withCountedRenderer();
    const alice = await registry.signUp('alice');
    await publish(alice);
    fault.next = true;
    const failed = await Promise.all([registry.anonymous.get(tool), alice.get(tool)]);
    expect(failed.map(({ status }) => status)).toEqual([500, 500]);
    expect(failed[0]?.headers['cache-control']).toBe('no-store');
    fault.next = false;
    expect(await versionsIn(registry.anonymous)).toEqual(['1.0.0']);
  });

  test('shows every acknowledged release to whoever asks after it, while others read and publish', async () => {
    const registry = await createTestRegistry();
    const other = await registry.another();
    const alice = await registry.signUp('alice');
    await publish(alice, { version: '0.0.0' });
    const missing: string[] = [];
    const publisher = async (name: number, at: TestRegistry, reader: TestRegistry) => {
      for (let patch = 0; patch < 15; patch++) {
        const version = `${name}.0.${patch}`;
        expect((await publish(alice.from({ app: at.app }), { version })).status).toBe(201);
        if (!(await versionsIn(reader.anonymous)).includes(version)) missing.push(version);
      }
    };
    await Promise.all([
      publisher(1, registry, other),
      publisher(2, other, registry),
      publisher(3, other, other),
    ]);
    expect(missing).toEqual([]);
    expect((await versionsIn(registry.anonymous)).length).toBe(46);
  });

  test('has another ETag after every change, and the same bytes have the same at every server', async () => {
    const registry = await createTestRegistry();
    const other = await registry.another();
    const alice = await registry.signUp('alice');
    await publish(alice, { manifest: { description: 'a'.repeat(2_000) } });
    const changes = [
      () => publish(alice, { version: '1.0.1' }),
      () => alice.put('/-/package/@acme%2ftool/dist-tags/old', '"1.0.0"', jsonBody),
      () => alice.delete('/-/package/@acme%2ftool/dist-tags/old'),
      () => alice.put(tool, { name: '@acme/tool', versions: { '1.0.0': { deprecated: 'no' }, '1.0.1': {} } }),
      () => alice.put(tool, { name: '@acme/tool', versions: { '1.0.0': { deprecated: '' }, '1.0.1': {} } }),
    ];
    const etags: unknown[] = [];
    for (const change of [undefined, ...changes]) {
      registry.clock.advance(1_000);
      const answer = await change?.();
      expect(answer?.status ?? 200, answer?.text).toBeLessThan(300);
      for (const form of [{}, short, gzip]) {
        const [here, there] = [
          await registry.anonymous.get(tool, form),
          await other.anonymous.get(tool, form),
        ];
        expect(there.headers['etag']).toBe(here.headers['etag']);
        expect(there.bytes.equals(here.bytes)).toBe(true);
        etags.push(here.headers['etag']);
      }
    }
    expect(new Set(etags).size).toBe(3 * (changes.length + 1));
  });
});

const jsonBody = { headers: { 'content-type': 'application/json' } };

describe('a change by another process', () => {
  test('shows in the next answer: a release, a tag, a token that is revoked', async () => {
    const registry = await createTestRegistry();
    const other = await registry.another();
    const alice = await registry.signUp('alice');
    const there = alice.from({ app: other.app });
    await publish(alice);
    expect(await versionsIn(registry.anonymous)).toEqual(['1.0.0']);
    expect((await registry.anonymous.get(`${tool}/-/tool-1.0.1.tgz`)).status).toBe(404);
    await publish(there, { version: '1.0.1' });
    expect(await versionsIn(registry.anonymous)).toEqual(['1.0.0', '1.0.1']);
    expect((await registry.anonymous.get(`${tool}/-/tool-1.0.1.tgz`)).status).toBe(200);
    await there.put('/-/package/@acme%2ftool/dist-tags/next', '"1.0.0"', jsonBody);
    expect((await registry.anonymous.get(tool, short)).body['dist-tags'].next).toBe('1.0.0');
    expect((await alice.get('/-/whoami')).status).toBe(200);
    expect((await there.delete(`/-/user/token/${alice.token}`)).status).toBe(204);
    expect((await alice.get('/-/whoami')).status).toBe(401);
  });

  test('that restricts a package takes it from strangers at once, also from who knows its ETags', async () => {
    const registry = await createTestRegistry();
    const other = await registry.another();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    await publish(alice);
    const urls = [tool, `${tool}/-/tool-1.0.0.tgz`];
    const known = await Promise.all(urls.map(async (url) => String((await bob.get(url)).headers['etag'])));
    await alice.from({ app: other.app }).post('/-/package/@acme%2ftool/access', { access: 'restricted' });
    for (const [i, url] of urls.entries()) {
      for (const headers of [{}, short.headers, gzip.headers, { 'if-none-match': known[i] ?? '' }]) {
        for (const stranger of [registry.anonymous, bob]) {
          const answer = await stranger.get(url, { headers });
          expect([url, answer.status, answer.headers['cache-control']]).toEqual([url, 404, 'no-store']);
        }
      }
      const own = await alice.get(url);
      expect([own.status, own.headers['cache-control']]).toEqual([200, expect.stringMatching(/^private/)]);
      expect((await bob.get(url)).status).toBe(404);
    }
  });
});

test('what somebody read of a package before it was restricted does not speak for it afterwards', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  const { database } = registry.services;
  const look = database.look();
  const id = { ecosystem: 'npm', name: '@acme/tool' };
  expect((await recallPackage(database, look, id))?.open).toBe(true);
  await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
  // An answer that is still being made may be of that moment. Those that begin now are not.
  expect((await recallPackage(database, look, id))?.open).toBe(true);
  for (const url of [tool, `${tool}/-/tool-1.0.0.tgz`])
    expect((await registry.anonymous.get(url)).status).toBe(404);
});

test('a token ends for the server that knows it when its time is over', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  expect((await alice.get('/-/whoami')).status).toBe(200);
  registry.clock.advance(registry.services.settings.loginTokenLifetime);
  expect((await alice.get('/-/whoami')).status).toBe(401);
});

test('a document is sent compressed to who takes gzip, as another representation, and plain to who does not', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice, { manifest: { description: 'a'.repeat(2_000) } });
  const plain = await registry.anonymous.get(tool);
  const taken = ['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8, *;q=0.1', 'x-gzip', 'GZIP', '*'];
  for (const coding of taken) {
    const answer = await registry.anonymous.get(tool, { headers: { 'accept-encoding': coding } });
    expect([coding, answer.headers['content-encoding']]).toEqual([coding, 'gzip']);
    expect(answer.headers['vary']).toContain('accept-encoding');
    expect(answer.headers['etag']).not.toBe(plain.headers['etag']);
    expect(answer.headers['content-length']).toBe(String(answer.bytes.byteLength));
    expect(gunzipSync(answer.bytes).equals(plain.bytes)).toBe(true);
    const headers = { 'accept-encoding': coding, 'if-none-match': String(answer.headers['etag']) };
    expect((await registry.anonymous.get(tool, { headers })).status).toBe(304);
  }
  const refused = ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.000', '*;q=0', 'gzip;q=0, *', 'gzipped'];
  for (const coding of refused) {
    const answer = await registry.anonymous.get(tool, { headers: { 'accept-encoding': coding } });
    expect([coding, answer.headers['content-encoding']]).toEqual([coding, undefined]);
    expect(answer.text).toBe(plain.text);
  }
});
