import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { makeOwner } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { stage } from './support/staging.ts';
import { createTestRegistry } from './support/test-registry.ts';

describe('vulnerabilities', () => {
  const lists = { tool: ['1.0.0'] };
  test.each([
    ['as npm sends it, compressed', gzipSync(JSON.stringify(lists)), { 'content-encoding': 'gzip' }],
    ['as it is', JSON.stringify(lists), {}],
    ['as no JSON at all', 'nonsense', {}],
  ])('none are known, for a list sent %s', async (_name, body, more) => {
    const { anonymous } = await createTestRegistry();
    const headers = { 'content-type': 'application/json', ...more };
    const bulk = await anonymous.post('/-/npm/v1/security/advisories/bulk', body, { headers });
    expect([bulk.status, bulk.body]).toEqual([200, {}]);
    for (const path of ['audits', 'audits/quick']) {
      const report = await anonymous.post(`/-/npm/v1/security/${path}`, body, { headers });
      expect(report.status).toBe(200);
      expect(report.body).toMatchObject({ advisories: {}, actions: [], metadata: { totalDependencies: 0 } });
      expect(Object.values(report.body.metadata.vulnerabilities)).toEqual([0, 0, 0, 0, 0]);
    }
  });
});

describe('what is not there', () => {
  test('trusted publishing is unsupported, and the exchange of an identity too', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const answers = [
      await alice.get('/-/package/@acme%2ftool/trust'),
      await alice.post('/-/package/@acme%2ftool/trust', [{ type: 'github' }]),
      await alice.delete('/-/package/@acme%2ftool/trust/5f0c0f5e-1d4b-4a84-9d4c-111111111111'),
      await registry.anonymous.post('/-/npm/v1/oidc/token/exchange/package/@acme%2ftool'),
    ];
    for (const { status, code, body } of answers) {
      expect([status, code]).toEqual([400, 'unsupported']);
      expect(body.error).toBe(body.message);
    }
  });

  test('stars are unsupported, in both shapes, and change nothing', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const before = await registry.anonymous.get('/@acme%2ftool');
    const { _id, _rev } = before.body;
    const answers = [
      await alice.put('/@acme%2ftool', { _id, _rev, users: { alice: true } }),
      await alice.put(`/@acme%2ftool/-rev/${_rev}`, { ...before.body, users: { alice: true } }),
    ];
    for (const { status, code } of answers) expect([status, code]).toEqual([400, 'unsupported']);
    expect((await registry.anonymous.get('/@acme%2ftool')).text).toBe(before.text);
  });

  test.each(['/-/all', '/-/nothing', '/-/_view/starredByUser', '/-/npm/v1/hooks', '/-/nothing/at/all'])(
    '%s is not found, and no package',
    async (path) => {
      const { anonymous } = await createTestRegistry();
      expect((await anonymous.get(path)).code).toBe('not_found');
    },
  );
});

describe('one version', () => {
  test('by its number or a tag, as the packument has it, deprecation included', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, { manifest: { description: 'first' } });
    await publish(alice, { version: '2.0.0' }, { tag: 'next' });
    const packument = (await registry.anonymous.get('/@acme%2ftool')).body;
    for (const [asked, version] of [
      ['1.0.0', '1.0.0'],
      ['latest', '1.0.0'],
      ['next', '2.0.0'],
    ] as const) {
      for (const path of [`/@acme%2ftool/${asked}`, `/@acme/tool/${asked}`])
        expect((await registry.anonymous.get(path)).body).toEqual(packument.versions[version]);
    }
    packument.versions['1.0.0'].deprecated = 'use 2';
    await alice.put('/@acme%2ftool', packument);
    expect((await registry.anonymous.get('/@acme%2ftool/1.0.0')).body.deprecated).toBe('use 2');
    for (const missing of ['3.0.0', 'constructor', '__proto__', '^1.0.0'])
      expect((await registry.anonymous.get(`/@acme%2ftool/${missing}`)).code).toBe('not_found');
  });

  test('and its status, for those who may read the package', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, {}, { access: 'restricted' });
    const path = '/-/package/@acme%2ftool/version/1.0.0/status';
    expect((await alice.get(path)).body).toEqual({
      packageName: '@acme/tool',
      version: '1.0.0',
      status: 'published',
    });
    expect((await alice.get(path.replace('1.0.0', '1.0.1'))).code).toBe('not_found');
    await stage(alice, { version: '1.1.0' });
    const staged = path.replace('1.0.0', '1.1.0');
    expect((await alice.get(staged)).body.status).toBe('staged');
    await alice.post('/-/package/@acme%2ftool/access', { access: 'public' });
    for (const reader of [
      registry.anonymous,
      await registry.signUp('bob'),
      alice.from({ token: 'pub_dead' }),
    ]) {
      expect((await reader.get(path)).body.status).toBe('published');
      expect((await reader.get(staged)).code).toBe('not_found');
    }
    await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
    for (const reader of [registry.anonymous, await registry.signUp('mallory')]) {
      expect((await reader.get(path)).code).toBe('not_found');
      expect((await reader.get('/@acme%2ftool/1.0.0')).code).toBe('not_found');
    }
  });
});

describe('search', () => {
  async function filled() {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    const publishAs = (client: typeof alice, name: string, manifest: object = {}) =>
      publish(client, { name, manifest: { ...manifest } });
    await publishAs(alice, '@acme/tool', { description: 'Hammers', keywords: ['Steel', 'wood'] });
    await publishAs(alice, '@acme/saw', { keywords: ['wood'], license: 'MIT' });
    await publishAs(alice, 'tool', { keywords: ['steel'], homepage: 'https://tool.example' });
    await publishAs(bob, 'toolbox', { repository: 'https://git.example/toolbox' });
    await publish(alice, { name: '@acme/hidden' }, { access: 'restricted' });
    const search = async (query: string) => (await registry.anonymous.get(`/-/v1/search?${query}`)).body;
    const names = async (query: string) =>
      // biome-ignore lint/suspicious/noExplicitAny: the shape is what is being looked at
      (await search(query)).objects.map((each: any) => each.package.name);
    return { registry, alice, bob, search, names };
  }

  test('finds public packages by words, the exact name first', async () => {
    const { names } = await filled();
    expect(await names('text=tool')).toEqual(['tool', '@acme/tool', 'toolbox']);
    expect(await names('text=hammers')).toEqual(['@acme/tool']);
    expect(await names('text=tool%20steel')).toEqual(['tool', '@acme/tool']);
    expect(await names('text=hidden')).toEqual([]);
    expect(await names('')).toEqual(['@acme/saw', '@acme/tool', 'tool', 'toolbox']);
  });

  test('in pages, and says how many there are', async () => {
    const { search, names } = await filled();
    expect(await names('text=&size=2')).toEqual(['@acme/saw', '@acme/tool']);
    expect(await names('text=&size=2&from=2')).toEqual(['tool', 'toolbox']);
    expect(await names('text=&size=2&from=4')).toEqual([]);
    expect(await search('text=&size=0')).toMatchObject({ objects: [], total: 4 });
  });

  test.each(['size=-1', 'size=x', 'from=1e3', 'from=1&from=2'])('refuses %s', async (query) => {
    const { anonymous } = await createTestRegistry();
    expect((await anonymous.get(`/-/v1/search?text=a&${query}`)).code).toBe('bad_request');
  });

  test("knows npm's qualifiers", async () => {
    const { names, alice, bob } = await filled();
    expect(await names('text=scope:acme')).toEqual(['@acme/saw', '@acme/tool']);
    expect(await names('text=scope:@acme%20hammers')).toEqual(['@acme/tool']);
    expect(await names('text=scope:acm')).toEqual([]);
    expect(await names('text=keywords:steel')).toEqual(['@acme/tool', 'tool']);
    expect(await names('text=keywords:wo')).toEqual([]);
    expect(await names('text=keywords:steel,wood')).toEqual(['@acme/saw', '@acme/tool', 'tool']);
    expect(await names('text=keywords:steel%2Bwood')).toEqual(['@acme/tool']);
    expect(await names('text=maintainer:bob')).toEqual(['toolbox']);
    await makeOwner(alice, bob, { name: 'tool' });
    expect(await names('text=maintainer:bob')).toEqual(['tool', 'toolbox']);
    expect(await names('text=tool%20not:unstable%20is:unstable')).toEqual(['tool', '@acme/tool', 'toolbox']);
    expect(await names('text=keywords:%25')).toEqual([]);
    expect(await names('text=%25')).toEqual([]);
  });

  test('tells no more of a package than somebody reads, however much it says of itself', async () => {
    const { alice, names, search } = await filled();
    const keywords = Array.from({ length: 20_000 }, (_, i) => `word${i}${'x'.repeat(i === 0 ? 5_000 : 0)}`);
    const manifest = {
      keywords: [7, null, ...keywords],
      description: `flood ${'y'.repeat(100_000)}`,
      license: 'z'.repeat(10_000),
      homepage: `https://flood.example/${'h'.repeat(10_000)}`,
      repository: { type: 'git', url: 'https://git.example/flood' },
      bugs: { url: 7 },
    };
    expect((await publish(alice, { name: 'flood', manifest })).status).toBe(201);
    const [{ package: told }] = (await search('text=flood')).objects;
    expect(JSON.stringify(told).length).toBeLessThan(2_000);
    expect(told.keywords).toHaveLength(50);
    expect(told.links).toEqual({ npm: expect.any(String), repository: 'https://git.example/flood' });
    expect(await names('text=keywords:word48')).toEqual(['flood']);
    expect(await names('text=keywords:word50')).toEqual([]);
  });

  test('of what was published before there were summaries tells the same', async () => {
    const { registry, alice } = await filled();
    const manifest = {
      keywords: [7, 'x'.repeat(200), ...Array(60).fill('word')],
      description: 'd'.repeat(400),
      license: 'MIT',
      homepage: `https://long.example/${'h'.repeat(500)}`,
      repository: 'acme/long',
      bugs: { email: 'bugs@long.example' },
    };
    expect((await publish(alice, { name: 'long', manifest })).status).toBe(201);
    expect(
      (await publish(alice, { name: 'odd', manifest: { keywords: { a: 'b' }, license: 7 } })).status,
    ).toBe(201);
    const summaries = () => registry.sql('select * from release_summaries order by release_id');
    const before = summaries();
    expect(before).toHaveLength(7);
    registry.sql(`drop table release_summaries; delete from kysely_migration where name = '0013-summaries'`);
    await registry.another();
    expect(summaries()).toEqual(before);
  });

  test('tells of each what clients show', async () => {
    const { search } = await filled();
    const { objects } = await search('text=hammers');
    expect(objects[0].package).toMatchObject({
      name: '@acme/tool',
      scope: 'acme',
      version: '1.0.0',
      description: 'Hammers',
      keywords: ['Steel', 'wood'],
      date: expect.stringMatching(/^\d{4}-.*Z$/),
      publisher: { username: 'alice' },
      maintainers: [{ username: 'alice', email: 'alice@example.org' }],
      links: { npm: 'http://registry.example/-/web/package/@acme/tool' },
    });
    const linked = await search('text=toolbox');
    expect(linked.objects[0].package.links.repository).toBe('https://git.example/toolbox');
  });
});
