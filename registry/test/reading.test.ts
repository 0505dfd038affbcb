import { describe, expect, test } from 'vitest';
import { publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';

describe('reading', () => {
  test('goes on while another process holds the write lock, beside a publish that waits for it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    let published = false;
    const answer = await registry.behindLock(
      async () => {
        const result = await publish(alice, { version: '1.0.1' });
        published = true;
        return result;
      },
      async () => {
        for (const url of [
          tool,
          `${tool}/-/tool-1.0.0.tgz`,
          '/-/package/@acme%2ftool/dist-tags',
          '/-/whoami',
          '/-/ping',
        ])
          expect((await alice.get(url)).status).toBe(200);
        expect(published).toBe(false);
      },
    );
    expect(answer.status).toBe(201);
  });

  test('gives the same bytes and the same ETag until something changes, and 304 to who has them', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const accept = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8';
    for (const headers of [{ accept: 'application/json' }, { accept }]) {
      const first = await registry.anonymous.get(tool, { headers });
      const etag = String(first.headers['etag']);
      expect(etag).toMatch(/^"[\w-]+"$/);
      expect(first.headers['vary']).toBe('accept-encoding, accept, authorization');
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const again = await registry.anonymous.get(tool, { headers: { ...headers, 'if-none-match': known } });
        expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
      }
      await publish(alice, { version: `1.0.${headers.accept.length}` });
      const changed = await registry.anonymous.get(tool, { headers: { ...headers, 'if-none-match': etag } });
      expect(changed.status).toBe(200);
    }
    const archive = await registry.anonymous.get(`${tool}/-/tool-1.0.0.tgz`);
    const known = { headers: { 'if-none-match': String(archive.headers['etag']) } };
    expect((await registry.anonymous.get(`${tool}/-/tool-1.0.0.tgz`, known)).status).toBe(304);
  });

  test('the short form holds what installing needs and nothing else', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, {
      manifest: {
        description: 'a tool',
        dependencies: { left: '1' },
        scripts: { postinstall: 'x' },
        engines: { node: '>=20' },
      },
    });
    const { body, headers } = await registry.anonymous.get(tool, {
      headers: { accept: 'application/vnd.npm.install-v1+json' },
    });
    expect(headers['content-type']).toContain('application/vnd.npm.install-v1+json');
    expect(Object.keys(body).sort()).toEqual(['dist-tags', 'modified', 'name', 'versions']);
    const { dist, ...entry } = body.versions['1.0.0'];
    expect(dist.integrity).toMatch(/^sha512-/);
    expect(entry).toEqual({
      name: '@acme/tool',
      version: '1.0.0',
      dependencies: { left: '1' },
      engines: { node: '>=20' },
      hasInstallScript: true,
    });
  });

  test('a blob that is gone is a fault that nobody caches', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    registry.sql(`update releases set sha256 = '${'0'.repeat(64)}'`);
    const answer = await registry.anonymous.get(`${tool}/-/tool-1.0.0.tgz`);
    expect(answer.status).toBe(500);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['etag']).toBeUndefined();
  });

  const absent = [
    '/@acme%2ftool/-/tool-1.0.1.tgz',
    '/@acme%2ftool/-/tool-1.0.0.tar.gz',
    '/@acme%2ftool/-/other-1.0.0.tgz',
    '/@acme%2ftool/-/..%2f..%2fregistry.sqlite',
    '/@acme%2ftool/-/tool-..%2f.tgz',
    '/@acme%2ftool/-/',
    '/@acme%2ftool/-/tool-1.0.0.tgz%00',
    '/@acme/tool/-/tool-1.0.0.tgz/',
    '/@acme/tool/extra',
    '/@acme',
    '/%40acme/tool',
    '/@acme%252ftool',
    '/@acme%2f%2ftool',
    '/@acme%2f..%2ftool',
    '/..%2f..%2fetc%2fpasswd',
    '/tool',
    '/Tool',
    '//@acme%2ftool',
    '/@acme%5ctool',
    '/constructor',
    '/__proto__',
    `/${'a'.repeat(5_000)}`,
    '/%zz',
    '/%e0%a4%a',
  ];

  test('what is not there is refused in the same form, whatever its URL looks like', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    for (const url of absent) {
      const answer = await registry.anonymous.get(url);
      expect([url, [400, 404].includes(answer.status)]).toEqual([url, true]);
      expect(answer.body).toEqual({
        error: answer.body.message,
        message: answer.body.message,
        code: answer.code,
      });
      expect(answer.text).not.toContain(url);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    expect(registry.log).toEqual([]);
  });

  test('a package has one address in each spelling of its scope', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const urls = [
      '/@acme%2ftool',
      '/@acme%2Ftool',
      '/@acme/tool',
      '/%40acme%2ftool',
      '/@acme/tool?write=true',
    ];
    const texts = await Promise.all(urls.map(async (url) => (await alice.get(url)).text));
    expect(new Set(texts).size).toBe(1);
    expect((await alice.get('/-/package/@acme/tool/dist-tags')).body).toEqual({ latest: '1.0.0' });
  });

  test('HEAD says what GET does, without a body', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    for (const url of [tool, `${tool}/-/tool-1.0.0.tgz`]) {
      const [get, head] = [await registry.anonymous.get(url), await registry.anonymous.send('HEAD', url)];
      expect([head.status, head.text]).toEqual([200, '']);
      expect(head.headers['etag']).toBe(get.headers['etag']);
      expect(head.headers['content-length']).toBe(get.headers['content-length']);
    }
  });
});

describe('a restricted package', () => {
  const reads = [
    tool,
    `${tool}/-/tool-1.0.0.tgz`,
    '/-/package/@acme%2ftool/visibility',
    '/-/package/@acme%2ftool/access',
    '/-/package/@acme%2ftool/collaborators',
    '/-/package/@acme%2ftool/dist-tags',
  ];

  test('is as absent for others as one that is not there', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    await publish(alice, {}, { access: 'restricted' });
    for (const url of reads) {
      const missing = url.replaceAll('tool', 'none');
      for (const stranger of [bob, registry.anonymous]) {
        const [answer, absent] = [await stranger.get(url), await stranger.get(missing)];
        expect([answer.status, answer.text]).toEqual([404, absent.text.replaceAll('none', 'tool')]);
        expect(answer.headers['cache-control']).toBe('no-store');
      }
      const own = await alice.get(url);
      expect(own.status).toBe(200);
      expect(own.headers['cache-control']).toMatch(/^(private|no-store)/);
    }
  });

  test('is as absent to who would change it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    await publish(alice, {}, { access: 'restricted' });
    const answers = [
      await bob.put('/-/package/@acme%2ftool/owners', { user: 'bob' }),
      await bob.delete('/-/package/@acme%2ftool/owners/alice'),
      await bob.put(`${tool}/-rev/1-pub`, { maintainers: [{ name: 'bob' }] }),
      await bob.post('/-/package/@acme%2ftool/access', { access: 'public' }),
      await bob.delete('/-/package/@acme%2ftool/dist-tags/next'),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(404));
  });
});
