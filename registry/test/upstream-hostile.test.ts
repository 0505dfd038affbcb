import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type LooseJson, startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry } from './support/test-registry.ts';

/** An upstream that was broken into, or was never a friend. */

const archive = '/left/-/left-1.0.0.tgz';

async function proxy() {
  const upstream = await startScriptedUpstream();
  const registry = await createTestRegistry({ settings: { upstreams: through(upstream) } });
  return { upstream, registry };
}

/** A few MB of text that would take a minute, or all the memory, to parse in full size. */
const manyIn = (members: (count: number) => string) => `{"name":"left",${members(4_000_000)}}`;
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `"${index.toString(36)}":0,`).join('');

/** Another registry's host, which nobody configured. */
async function elsewhere() {
  return await startScriptedUpstream();
}

describe('a packument from upstream', () => {
  test.each<[string, string | Uint8Array, Readonly<Record<string, string>>?]>([
    ['not JSON', '<html>log in</html>'],
    ['half of one', '{"name":"left","versions":{'],
    ['a list', '[]'],
    ['nothing', ''],
    ['another package', '{"name":"right","versions":{},"dist-tags":{}}'],
    ['a name that is no text', '{"name":["left"],"versions":{}}'],
    ['nested beyond all bounds', `{"name":"left","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['a bomb', gzipSync(Buffer.alloc(65 * 1024 * 1024, 0x20)), { 'content-encoding': 'gzip' }],
    ['no gzip', 'plain', { 'content-encoding': 'gzip' }],
    ['two million objects', manyIn((count) => `"x":[${'{},'.repeat(count / 2)}{}]`)],
    ['two million names', manyIn((count) => `"x":{${numbered(count / 2)}"":0}`)],
    [
      'two million lists within a version',
      manyIn((count) => `"versions":{"1.0.0":{"x":[${'[],'.repeat(count / 2)}[]]}}`),
    ],
    ['more members of one object than any', `{"name":"left","x":{${numbered(100_001)}"":0}}`],
  ])('that is %s is no usable answer, and nothing of it is kept', async (_what, body, headers = {}) => {
    const { upstream, registry } = await proxy();
    upstream.on('/left', { body, headers });
    const answer = await registry.anonymous.get('/left');
    expect(answer).toMatchObject({ status: 503, code: 'upstream_unavailable' });
    upstream.publish();
    registry.clock.advance(30_000);
    expect((await registry.anonymous.get('/left')).status).toBe(200);
    upstream.on('/left', { body, headers });
    registry.clock.advance(5 * 60_000);
    const after = await registry.anonymous.get('/left');
    expect([after.status, Object.keys(after.body.versions)]).toEqual([200, ['1.0.0']]);
  });

  test('may be as large as the largest there are', async () => {
    const { upstream, registry } = await proxy();
    const dependencies = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`right-${index}`, '^1.0.0']),
    );
    upstream.publish({}, (packument) => {
      const [version] = Object.values<LooseJson>(packument.versions);
      for (let patch = 1; patch < 8_000; patch++) {
        packument.versions[`1.0.${patch}`] = { ...version, version: `1.0.${patch}`, dependencies };
      }
    });
    const { body } = await registry.anonymous.get('/left');
    expect(Object.keys(body.versions)).toHaveLength(8_000);
    expect(body.versions['1.0.7999'].dependencies).toEqual(dependencies);
  });

  test('that is no good says nothing of the others: only silence does', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish({ name: 'right' });
    upstream.on('/left', { body: 'plain', headers: { 'content-encoding': 'gzip' } });
    expect((await registry.anonymous.get('/left')).code).toBe('upstream_unavailable');
    expect((await registry.anonymous.get('/right')).status).toBe(200);
    upstream.on('/left', {
      by: (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.destroy());
      },
    });
    expect((await registry.anonymous.get('/left')).code).toBe('upstream_unavailable');
    upstream.on('/right', { status: 404 });
    registry.clock.advance(5 * 60_000);
    expect((await registry.anonymous.get('/right')).code).toBe('not_found');
  });

  test.each<[string, (version: LooseJson, packument: LooseJson) => void]>([
    [
      'another name',
      (version) => {
        version.name = 'right';
      },
    ],
    [
      'another version',
      (version) => {
        version.version = '2.0.0';
      },
    ],
    [
      'no digest',
      (version) => {
        delete version.dist.integrity;
      },
    ],
    [
      'a weak digest',
      (version) => {
        version.dist.integrity = `sha1-${Buffer.alloc(20).toString('base64')}`;
      },
    ],
    [
      'a digest that is none',
      (version) => {
        version.dist.integrity = 'sha512-AAAA';
      },
    ],
    [
      'no archive',
      (version) => {
        delete version.dist.tarball;
      },
    ],
    [
      'an archive that is no text',
      (version) => {
        version.dist.tarball = { toString: 'x' };
      },
    ],
    [
      'no dist',
      (version) => {
        version.dist = null;
      },
    ],
    [
      'a version that is none',
      (version, packument) => {
        version.version = '../../etc';
        packument.versions = { '../../etc': version };
      },
    ],
  ])('passes no version on that has %s', async (_what, change) => {
    const { upstream, registry } = await proxy();
    upstream.publish({}, (packument) => change(packument.versions['1.0.0'], packument));
    const { body } = await registry.anonymous.get('/left');
    expect([body.name, body.versions, body['dist-tags']]).toEqual(['left', {}, {}]);
    expect((await registry.anonymous.get(archive)).status).toBe(404);
    expect(registry.log.join('\n')).toContain('left out');
  });

  test('passes nothing on that a terminal would obey, nor a member of the wrong kind', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish({}, (packument) => {
      packument.description = '\u001b]52;c;ZXZpbA==\u0007 a \u009b31m tool\n';
      packument['dist-tags'] = { latest: '1.0.0', 'x\u001b[2J': '1.0.0', gone: '9.9.9', odd: ['1.0.0'] };
      Object.assign(packument.versions['1.0.0'], {
        deprecated: '\u001b[2Jgo away',
        dependencies: ['right'],
        bin: { left: 7 },
        scripts: { install: '\u0000x' },
        signatures: [{ keyid: 'x', sig: 'y' }],
      });
      packument.versions['1.0.0'].dist.signatures = [{ keyid: 'x', sig: 'y' }];
    });
    const { body, text } = await registry.anonymous.get('/left');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
    expect(text).not.toMatch(/\\u00[01]|\\u009|[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(body.description).toBe(']52;c;ZXZpbA== a 31m tool\n');
    expect(body['dist-tags']).toEqual({ latest: '1.0.0', 'x[2J': '1.0.0' });
    const version = body.versions['1.0.0'];
    expect(version.deprecated).toBe('[2Jgo away');
    expect(version.scripts).toEqual({ install: 'x' });
    expect([version.dependencies, version.bin, version.dist.signatures]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('brings no prototype along', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const text =
      '{"name":"left","__proto__":{"x":1},"keywords":{"__pro\\u0001to__":1},"versions":{"__proto__":{},"constructor":{}},"dist-tags":{"__proto__":"1.0.0","toString":"1.0.0"}}';
    upstream.on('/left', { body: text });
    const answer = await registry.anonymous.get('/left');
    expect(answer.text).not.toContain('__proto__');
    expect([answer.body.versions, answer.body['dist-tags']]).toEqual([{}, {}]);
    expect((await registry.anonymous.get('/left/-/left-constructor.tgz')).status).toBe(404);
    expect((await registry.anonymous.get('/left/-/constructor')).status).toBe(404);
  });

  test('does not give a version that was seen another archive', async () => {
    const { upstream, registry } = await proxy();
    const first = upstream.publish();
    const before = (await registry.anonymous.get('/left')).body.versions['1.0.0'].dist.integrity;
    upstream.publish({ files: { 'evil.js': 'x' } });
    registry.clock.advance(5 * 60_000);
    expect((await registry.anonymous.get('/left')).body.versions['1.0.0'].dist.integrity).toBe(before);
    expect(await registry.anonymous.get(archive)).toMatchObject({ status: 403, code: 'upstream_refused' });
    expect(registry.log.join('\n')).toContain('another archive than before');
    upstream.on(archive, { body: first });
    expect((await registry.anonymous.get(archive)).bytes).toEqual(first);
  });
});

describe('an archive from upstream', () => {
  test('that is not the one its packument names is refused, logged and not kept', async () => {
    const { upstream, registry } = await proxy();
    const right = upstream.publish();
    upstream.on(archive, { body: 'evil' });
    for (const _ of [1, 2]) {
      const answer = await registry.anonymous.get(archive);
      expect(answer).toMatchObject({ status: 403, code: 'upstream_refused' });
    }
    expect(registry.bytesAtRest()).not.toContain('evil');
    const digest = createHash('sha512').update('evil').digest('base64');
    expect(registry.log.filter((line) => line.includes(`got sha512-${digest}`))).toHaveLength(2);
    upstream.on(archive, { body: right });
    expect((await registry.anonymous.get(archive)).bytes).toEqual(right);
  });

  test('is not looked for at a host that nobody configured', async () => {
    const { upstream, registry } = await proxy();
    const other = await elsewhere();
    const bytes = upstream.publish({}, ({ versions }) => {
      versions['1.0.0'].dist.tarball = `${other.url}evil.tgz`;
    });
    other.on('/evil.tgz', { body: bytes });
    const places = [
      `${other.url}evil.tgz`,
      'file:///etc/passwd',
      'http://user:pass@127.0.0.1/x',
      'data:,x',
      '//x',
      '',
    ];
    for (const place of places) {
      const registry = await createTestRegistry({ settings: { upstreams: through(upstream) } });
      upstream.publish({}, ({ versions }) => {
        versions['1.0.0'].dist.tarball = place;
      });
      const answer = await registry.anonymous.get(archive);
      expect(answer, place).toMatchObject({ status: 503, code: 'upstream_unavailable' });
    }
    expect(other.requests).toEqual([]);
    expect((await registry.anonymous.get('/left')).status).toBe(200);
  });

  test('is not followed to another host, unless the operator named that: then without the token', async () => {
    const upstream = await startScriptedUpstream();
    const other = await elsewhere();
    const bytes = upstream.publish();
    upstream.on(archive, { status: 302, headers: { location: `${other.url}blob` } });
    other.on('/blob', { body: bytes });
    const token = 'upstream-secret';
    const strict = await createTestRegistry({ settings: { upstreams: through({ ...upstream, token }) } });
    const alice = await strict.signUp('alice');
    expect((await alice.get(archive)).code).toBe('upstream_unavailable');
    expect(other.requests).toEqual([]);
    const archivesAt = [new URL(other.url).origin];
    const upstreams = through({ ...upstream, token, archivesAt });
    const open = await createTestRegistry({ settings: { upstreams } });
    const bob = await open.signUp('bob');
    expect((await bob.get(archive)).bytes).toEqual(bytes);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    // Packuments come from nowhere else.
    upstream.on('/right', { status: 302, headers: { location: `${other.url}right` } });
    expect((await bob.get('/right')).code).toBe('upstream_unavailable');
    expect(other.requests).toHaveLength(1);
  });

  test('at a host that does not answer keeps nothing else from being read', async () => {
    const upstream = await startScriptedUpstream();
    const other = await elsewhere();
    const archivesAt = [new URL(other.url).origin];
    const upstreams = through({ ...upstream, archivesAt });
    const registry = await createTestRegistry({ settings: { upstreams } });
    upstream.publish({}, ({ versions }) => {
      versions['1.0.0'].dist.tarball = `${other.url}left.tgz`;
    });
    const bytes = upstream.publish({ name: 'right' });
    await other.stop();
    expect((await registry.anonymous.get(archive)).text).toContain('ECONNREFUSED');
    expect((await registry.anonymous.get(archive)).text).toContain('just now');
    expect((await registry.anonymous.get('/right/-/right-1.0.0.tgz')).bytes).toEqual(bytes);
  });

  test('is not followed round in circles', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    upstream.on(archive, { status: 302, headers: { location: archive } });
    expect((await registry.anonymous.get(archive)).text).toContain('more than 5 redirects');
    expect(upstream.requests).toHaveLength(7);
  });

  test('that is larger than the registry takes, or breaks off, is not kept', async () => {
    const upstream = await startScriptedUpstream();
    const settings = { upstreams: through(upstream), maximumArchiveBytes: 1_000 };
    const registry = await createTestRegistry({ settings });
    const bytes = upstream.publish();
    upstream.on(archive, { body: Buffer.concat([bytes, Buffer.alloc(2_000)]) });
    expect((await registry.anonymous.get(archive)).text).toContain('more than 1000 bytes');
    upstream.on(archive, {
      by: (_request, response) => {
        response.writeHead(200).write(Buffer.alloc(2_000));
        response.end();
      },
    });
    expect((await registry.anonymous.get(archive)).text).toContain('more than 1000 bytes');
    upstream.on(archive, {
      by: (_request, response) => {
        response.writeHead(200, { 'content-length': String(bytes.byteLength) });
        response.write(bytes.subarray(0, 20), () => response.destroy());
      },
    });
    expect((await registry.anonymous.get(archive)).code).toBe('upstream_unavailable');
    upstream.on(archive, { body: bytes });
    registry.clock.advance(30_000);
    expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
  });
});
