import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { archiveOf, manifestOf, npmDocument, publish } from './support/publishing.ts';
import { startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry, goodPassword } from './support/test-registry.ts';

/** Whose a name is, and what is kept of what came from elsewhere. */

const minutes = 60_000;
const archive = '/left/-/left-1.0.0.tgz';

async function proxy(change: Partial<ReturnType<typeof through>> = {}) {
  const upstream = await startScriptedUpstream();
  const upstreams = { ...through(upstream), ...change };
  const registry = await createTestRegistry({ settings: { upstreams } });
  return { upstream, registry };
}

const pathsOf = ({ requests }: { requests: { path: string }[] }) => requests.map(({ path }) => path);

describe('a name that is nobody’s here', () => {
  test('is read from upstream, with the archive at an address of this registry', async () => {
    const { upstream, registry } = await proxy();
    const scripts = { test: 'x', postinstall: 'y' };
    const bytes = upstream.publish({ manifest: { dependencies: { right: '1' }, scripts } });
    for (const accept of ['application/json', 'application/vnd.npm.install-v1+json']) {
      const { status, body, headers } = await registry.anonymous.get('/left', { headers: { accept } });
      expect(status).toBe(200);
      expect(headers['content-type']).toBe(`${accept}; charset=utf-8`);
      expect(body['dist-tags']).toEqual({ latest: '1.0.0' });
      expect(body.versions['1.0.0']).toMatchObject({
        dependencies: { right: '1' },
        hasInstallScript: true,
        dist: { tarball: `http://registry.example${archive}` },
      });
      expect('scripts' in body.versions['1.0.0']).toBe(accept === 'application/json');
    }
    const answer = await registry.anonymous.get(archive);
    expect(answer.bytes).toEqual(bytes);
    expect(answer.headers['content-length']).toBe(String(bytes.byteLength));
  });

  test('is asked for once by many at a time, and again only when five minutes have passed', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const reads = Array.from({ length: 20 }, () => registry.anonymous.get('/left'));
    expect((await Promise.all(reads)).every(({ status }) => status === 200)).toBe(true);
    await Promise.all(Array.from({ length: 20 }, () => registry.anonymous.get(archive)));
    expect(pathsOf(upstream)).toEqual(['/left', archive]);
    registry.clock.advance(5 * minutes - 1);
    await registry.anonymous.get('/left');
    expect(upstream.requests).toHaveLength(2);
    registry.clock.advance(1);
    await registry.anonymous.get('/left');
    expect(pathsOf(upstream)).toEqual(['/left', archive, '/left']);
  });

  test('is asked for with the ETag that upstream gave, and 304 is enough', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const body = JSON.stringify((await registry.anonymous.get('/left')).body);
    expect(body).toContain('left');
    upstream.on('/left', {
      by(request, response) {
        const known = request.headers['if-none-match'] === '"one"';
        response.writeHead(known ? 304 : 200, { etag: '"one"' });
        response.end(known ? '' : '{"name":"left","versions":{},"dist-tags":{}}');
      },
    });
    registry.clock.advance(5 * minutes);
    const second = await registry.anonymous.get('/left');
    expect(second.headers['age']).toBe('0');
    registry.clock.advance(6 * minutes);
    const third = await registry.anonymous.get('/left');
    expect(third.text).toBe(second.text);
    expect(upstream.requests.at(-1)?.headers['if-none-match']).toBe('"one"');
    registry.clock.advance(2 * minutes);
    const known = { headers: { 'if-none-match': String(third.headers['etag']) } };
    const fourth = await registry.anonymous.get('/left', known);
    expect([fourth.status, fourth.headers['age'], upstream.requests.length]).toEqual([304, '120', 3]);
  });

  test('may have capital letters upstream, as names of npm’s early days have', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish({ name: 'JSONStream' });
    expect((await registry.anonymous.get('/JSONStream')).body.name).toBe('JSONStream');
    expect((await registry.anonymous.get('/JSONStream/-/JSONStream-1.0.0.tgz')).status).toBe(200);
    await publish(await registry.signUp('alice'), { name: '@alice/tool' });
    expect((await registry.anonymous.get('/@Alice%2ftool')).status).toBe(400);
  });

  test('is not found where upstream has none, and nothing is asked with a name that is none', async () => {
    const { upstream, registry } = await proxy();
    expect(await registry.anonymous.get('/left')).toMatchObject({ status: 404, code: 'not_found' });
    expect((await registry.anonymous.get('/left/-/left-1.0.0.tgz')).status).toBe(404);
    const before = upstream.requests.length;
    for (const path of [
      '/..%2f..%2fleft',
      '/%5fusers',
      '/left%00',
      '/@a%2f..%2fb',
      '/left%3fx',
      '/%2e%2e%2fleft',
    ]) {
      expect((await registry.anonymous.get(path)).status, path).toBeGreaterThanOrEqual(400);
    }
    expect(upstream.requests).toHaveLength(before);
  });

  test('does not stand in the search', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    await registry.anonymous.get('/left');
    const page = await registry.anonymous.get('/-/web/search?q=left');
    expect(page.text).not.toContain('href="/-/web/package/left"');
  });
});

describe('a name that belongs here', () => {
  test('is never asked for upstream, nor is any other in its scope', async () => {
    const { upstream, registry } = await proxy({ local: ['@later', 'soon', 'plain', '@acme'] });
    const alice = await registry.signUp('alice');
    await publish(alice, { name: 'plain' });
    await publish(alice, { name: '@acme/tool' }, { access: 'restricted' });
    await alice.post('/-/pub/v1/organisations', { name: 'later' });
    const names = ['plain', 'soon', '@acme/tool', '@acme/other', '@later/any', '@alice/any'];
    for (const name of names) upstream.publish({ name, version: '6.6.6' });
    for (const name of names) {
      const answer = await registry.anonymous.get(`/${name.replace('/', '%2f')}`);
      expect(Object.keys(answer.body.versions ?? {}), name).toEqual(name === 'plain' ? ['1.0.0'] : []);
      const unscoped = name.slice(name.indexOf('/') + 1);
      const file = `/${name.replace('/', '%2f')}/-/${unscoped}-6.6.6.tgz`;
      expect((await registry.anonymous.get(file)).status, name).toBe(404);
    }
    expect(upstream.requests).toEqual([]);
  });

  test('stays so when nothing of it is left that anybody may see', async () => {
    const { upstream, registry } = await proxy();
    registry.sql(
      "insert into packages (ecosystem, name, access, require_2fa, revision, created_at, updated_at) values ('npm', 'plain', 'public', 0, 1, 0, 0)",
    );
    upstream.publish({ name: 'plain', version: '6.6.6' });
    expect((await registry.anonymous.get('/plain')).status).not.toBe(200);
    expect((await registry.anonymous.get('/plain/-/plain-6.6.6.tgz')).status).toBe(404);
    expect(upstream.requests).toEqual([]);
  });

  test('belongs here from the moment a first release is handed in', async () => {
    const { upstream, registry } = await proxy();
    const open = await registry.another();
    const alice = await open.signUp('alice');
    const document = npmDocument(manifestOf({ name: 'left' }), archiveOf({ name: 'left' }));
    expect((await alice.post('/-/stage/package/left', document)).status).toBe(201);
    upstream.publish();
    expect((await registry.anonymous.get('/left')).code).toBe('not_found');
    expect(upstream.requests).toEqual([]);
  });

  test('is not asked for because of a token that is no good', async () => {
    const { upstream, registry } = await proxy();
    await publish(await registry.signUp('alice'), { name: '@alice/tool' }, { access: 'restricted' });
    upstream.publish({ name: '@alice/tool', version: '6.6.6' });
    const stranger = registry.anonymous.from({ token: 'pub_of_nobody' });
    expect((await stranger.get('/@alice%2ftool')).status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });
});

describe('a name that is read from upstream', () => {
  test('is not made here by any way of publishing', async () => {
    const { registry } = await proxy();
    const alice = await registry.signUp('alice');
    for (const via of ['npm', 'pub'] as const) {
      const answer = await publish(alice, { name: 'left' }, { via });
      expect(answer).toMatchObject({ status: 403, code: 'upstream_name' });
      expect(answer.text).toContain('--local-name');
    }
    const staged = await alice.post(
      '/-/stage/package/left',
      npmDocument(manifestOf({ name: 'left' }), archiveOf()),
    );
    expect(staged).toMatchObject({ status: 403, code: 'upstream_name' });
    const release = { ecosystem: 'npm', name: 'left', version: '1.0.0', sha256: '0'.repeat(64), size: 1 };
    const preflight = await alice.post('/-/pub/v1/preflight', { releases: [release] });
    expect(preflight.body.releases[0]).toMatchObject({ decision: 'refuse', code: 'upstream_name' });
    expect(registry.sql('select * from packages')).toEqual([]);
  });

  test('is not made here by taking its scope', async () => {
    const { registry } = await proxy();
    const alice = await registry.signUp('alice');
    const attempts = [
      await alice.put('/-/pub/v1/scopes/types', {}),
      await alice.post('/-/pub/v1/organisations', { name: 'types' }),
      await publish(alice, { name: '@types/node' }),
    ];
    for (const answer of attempts) expect(answer).toMatchObject({ status: 403, code: 'upstream_name' });
    expect(registry.sql('select * from scopes')).toEqual([]);
    expect((await publish(alice, { name: '@alice/tool' })).status).toBe(201);
  });

  test('cannot be changed here', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const alice = await registry.signUp('alice');
    expect(await alice.get('/left?write=true')).toMatchObject({ status: 403, code: 'upstream_name' });
    const deprecation = { name: 'left', versions: { '1.0.0': { deprecated: 'no' } } };
    expect(await alice.put('/left', deprecation)).toMatchObject({ status: 403, code: 'upstream_name' });
    const headers = { 'content-type': 'application/json' };
    const tagged = await alice.put('/-/package/left/dist-tags/next', '"1.0.0"', { headers });
    expect(tagged.code).toBe('not_found');
  });

  test('is another matter for each scope that has an upstream of its own', async () => {
    const { upstream, registry } = await proxy({ all: undefined });
    const one = await startScriptedUpstream();
    const { all } = through(one);
    if (all === undefined) throw new Error('no upstream');
    const scopes = new Map([['@one', all]]);
    const scoped = await createTestRegistry({
      settings: { upstreams: { all: undefined, scopes, local: [] } },
    });
    one.publish({ name: '@one/tool' });
    expect((await scoped.anonymous.get('/@one%2ftool')).status).toBe(200);
    expect((await scoped.anonymous.get('/@two%2ftool')).status).toBe(404);
    expect((await scoped.anonymous.get('/left')).status).toBe(404);
    expect(one.requests).toHaveLength(1);
    expect((await publish(await scoped.signUp('alice'), { name: 'left' })).status).toBe(201);
    expect((await registry.anonymous.get('/left')).status).toBe(404);
    expect(upstream.requests).toEqual([]);
  });
});

describe('the token for an upstream', () => {
  const token = 'upstream-secret';

  test('goes with each request below its address, and nothing of the reader does', async () => {
    const upstream = await startScriptedUpstream();
    const registry = await createTestRegistry({
      settings: { upstreams: through({ url: `${upstream.url}npm/`, token }) },
    });
    upstream.publish();
    upstream.on('/npm/left', { status: 307, headers: { location: '/left' } });
    const alice = await registry.signUp('alice');
    expect((await alice.get('/left', { otp: '123456' })).status).toBe(200);
    const [asked, led] = upstream.requests;
    expect(asked?.headers.authorization).toBe(`Bearer ${token}`);
    expect(led?.headers.authorization).toBeUndefined();
    for (const { headers } of upstream.requests) {
      expect(
        Object.keys(headers)
          .sort()
          .filter((key) => key !== 'authorization'),
      ).toEqual([
        'accept',
        'accept-encoding',
        'accept-language',
        'connection',
        'host',
        'sec-fetch-mode',
        'user-agent',
      ]);
      expect(JSON.stringify(headers)).not.toContain(alice.token);
    }
  });

  test('opens what it may read to the people of this registry alone', async () => {
    const upstream = await startScriptedUpstream();
    const registry = await createTestRegistry({ settings: { upstreams: through({ ...upstream, token }) } });
    upstream.publish();
    for (const path of ['/left', archive]) {
      expect((await registry.anonymous.get(path)).status).toBe(401);
      const stranger = registry.anonymous.from({ token: 'pub_of_nobody' });
      expect((await stranger.get(path)).status).toBe(401);
    }
    expect(upstream.requests).toEqual([]);
    const alice = await registry.signUp('alice');
    const { status, headers } = await alice.get('/left');
    expect([status, headers['cache-control']]).toEqual([200, 'private, no-cache']);
    const body = { name: 'ci', password: goodPassword, scopes: ['publish'] };
    const limited = await alice.post('/-/pub/v1/tokens', body);
    const refused = await alice.from({ token: limited.body.token }).get('/left');
    expect(refused.code).toBe('token_limited');
  });

  test('opens no archive to who names its digest in a package of another upstream', async () => {
    const [secret, open] = [await startScriptedUpstream(), await startScriptedUpstream()];
    const scopes = new Map([['@secret', { url: secret.url, token, archivesAt: [] }]]);
    const registry = await createTestRegistry({
      settings: { upstreams: { ...through(open), scopes } },
    });
    const alice = await registry.signUp('alice');
    const bytes = secret.publish({ name: '@secret/tool' });
    expect((await alice.get('/@secret/tool/-/tool-1.0.0.tgz')).bytes).toEqual(bytes);
    const { body } = await alice.get('/@secret%2ftool');
    open.publish({}, ({ versions }) => {
      versions['1.0.0'].dist.integrity = body.versions['1.0.0'].dist.integrity;
    });
    expect((await registry.anonymous.get('/left')).status).toBe(200);
    expect(await registry.anonymous.get(archive)).toMatchObject({ status: 403, code: 'upstream_refused' });
    expect(pathsOf(open)).toContain(archive);
  });

  test('stands in no answer, no log and no file', async () => {
    const upstream = await startScriptedUpstream();
    const registry = await createTestRegistry({ settings: { upstreams: through({ ...upstream, token }) } });
    const alice = await registry.signUp('alice');
    upstream.on('/left', { status: 500, body: `{"error":"${token}"}` });
    const first = await alice.get('/left');
    upstream.publish();
    await alice.get('/left');
    await alice.get(archive);
    await upstream.stop();
    registry.clock.advance(10 * minutes);
    await alice.get('/left');
    await registry.services.background.settled();
    expect(registry.log.join('\n')).toContain(upstream.url);
    expect([first.text, ...registry.log, registry.bytesAtRest()].join('\n')).not.toContain(token);
  });
});

describe('when upstream does not answer', () => {
  test('what was read before is served, and the operator is told', async () => {
    const { upstream, registry } = await proxy();
    const bytes = upstream.publish();
    const before = await registry.anonymous.get('/left');
    await registry.anonymous.get(archive);
    const then = new Date(registry.clock.now).toISOString();
    await upstream.stop();
    registry.clock.advance(24 * 60 * minutes);
    const after = await registry.anonymous.get('/left');
    expect([after.status, after.text]).toEqual([200, before.text]);
    expect(after.headers['age']).toBe(String(24 * 60 * 60));
    expect((await registry.anonymous.get(archive)).bytes).toEqual(bytes);
    await registry.services.background.settled();
    expect(registry.log).toEqual([
      `upstream ${upstream.url}: left: the registry that this one reads from gave no usable answer (ECONNREFUSED); serving what it said at ${then}`,
    ]);
  });

  test('what was not there is still not there, and is asked for again within a minute', async () => {
    const { upstream, registry } = await proxy();
    expect((await registry.anonymous.get('/left')).code).toBe('not_found');
    registry.clock.advance(minutes - 1);
    expect((await registry.anonymous.get('/left')).code).toBe('not_found');
    expect(upstream.requests).toHaveLength(1);
    registry.clock.advance(1);
    upstream.publish();
    expect((await registry.anonymous.get('/left')).status).toBe(200);
    expect((await registry.anonymous.get('/right')).code).toBe('not_found');
    await upstream.stop();
    registry.clock.advance(24 * 60 * minutes);
    expect((await registry.anonymous.get('/right')).code).toBe('not_found');
  });

  test('what was not read before is said to be unavailable for now, without waiting again', async () => {
    const { upstream, registry } = await proxy();
    await upstream.stop();
    const first = await registry.anonymous.get('/left');
    expect(first).toMatchObject({ status: 503, code: 'upstream_unavailable' });
    expect(first.headers['retry-after']).toBe('30');
    expect(first.text).toContain('ECONNREFUSED');
    const second = await registry.anonymous.get('/right');
    expect(second).toMatchObject({ status: 503, code: 'upstream_unavailable' });
    expect(second.text).toContain('just now');
    registry.clock.advance(30_000);
    expect((await registry.anonymous.get('/right')).text).toContain('ECONNREFUSED');
  });

  test('one that takes the question and says nothing is given up, and so is one that stops half way', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    for (const [seconds, said, reason] of [
      [10, '', 'the answer took too long'],
      [30, '{"name":"left"', 'the next piece took too long'],
    ] as const) {
      const { upstream, registry } = await proxy();
      const asked = new Promise<void>((resolve) => {
        upstream.on('/left', {
          by: (_request, response) => void (said === '' ? resolve() : response.write(said, () => resolve())),
        });
      });
      const answer = registry.anonymous.get('/left');
      await asked;
      // What was sent has to arrive: only then does the next wait begin.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(seconds * 1_000);
      expect((await answer).text).toContain(reason);
    }
  });

  test('an answer with 5xx or 429 does not count, and one with 404, 403 or 451 does', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    await registry.anonymous.get('/left');
    for (const status of [500, 502, 429]) {
      upstream.on('/left', { status });
      registry.clock.advance(5 * minutes);
      expect((await registry.anonymous.get('/left')).status, String(status)).toBe(200);
    }
    for (const [status, code] of [
      [403, 'upstream_refused'],
      [451, 'upstream_refused'],
      [404, 'not_found'],
    ] as const) {
      upstream.on('/left', { status });
      registry.clock.advance(5 * minutes);
      expect((await registry.anonymous.get('/left')).code, String(status)).toBe(code);
      expect((await registry.anonymous.get(archive)).status).not.toBe(200);
    }
    await upstream.stop();
    registry.clock.advance(5 * minutes);
    expect((await registry.anonymous.get('/left')).code).toBe('not_found');
  });

  test('a document that a power loss left broken is asked for again', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    await registry.anonymous.get('/left');
    const { readdirSync, truncateSync } = await import('node:fs');
    const folder = `${registry.data}/upstream/documents`;
    const files = readdirSync(folder);
    expect(files).toHaveLength(1);
    for (const length of [200, 0]) {
      truncateSync(`${folder}/${files[0]}`, length);
      expect((await registry.anonymous.get('/left')).status).toBe(200);
    }
    expect(upstream.requests).toHaveLength(3);
  });
});
