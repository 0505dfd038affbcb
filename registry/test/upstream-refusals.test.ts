import { describe, expect, test } from 'vitest';
import { startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry } from './support/test-registry.ts';

/** What upstream took back or never had, and what it says of the operator's token. */

const minutes = 60_000;
const archive = '/left/-/left-1.0.0.tgz';
const full = { headers: { accept: 'application/json' } };
const abbreviated = { headers: { accept: 'application/vnd.npm.install-v1+json' } };

async function proxy() {
  const upstream = await startScriptedUpstream();
  const options = { settings: { upstreams: through(upstream) } };
  const registry = await createTestRegistry(options);
  return { upstream, registry, restarted: () => registry.another(options) };
}

describe('a package that upstream took back', () => {
  test.each([
    [404, 'not_found'],
    [403, 'upstream_refused'],
    [451, 'upstream_refused'],
  ])('with %i stays so in every form when upstream goes away', async (status, code) => {
    const { upstream, registry, restarted } = await proxy();
    upstream.publish();
    await registry.anonymous.get('/left', abbreviated);
    await registry.anonymous.get(archive);
    upstream.on('/left', { status });
    registry.clock.advance(5 * minutes);
    // The form that nobody asked for before.
    expect((await registry.anonymous.get('/left', full)).code).toBe(code);
    await upstream.stop();
    registry.clock.advance(5 * minutes);
    for (const { anonymous } of [registry, await restarted()]) {
      for (const form of [full, abbreviated]) expect((await anonymous.get('/left', form)).code).toBe(code);
      expect((await anonymous.get(archive)).code).toBe(code);
    }
  });

  test('is back in the form that was asked for, and not said to be gone in the other', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    await registry.anonymous.get('/left', full);
    upstream.on('/left', { status: 404 });
    registry.clock.advance(5 * minutes);
    await registry.anonymous.get('/left', full);
    upstream.publish();
    registry.clock.advance(minutes);
    expect((await registry.anonymous.get('/left', full)).status).toBe(200);
    await upstream.stop();
    expect((await registry.anonymous.get('/left', full)).status).toBe(200);
    expect((await registry.anonymous.get('/left', abbreviated)).code).toBe('upstream_unavailable');
  });
});

describe('versions without a checkable archive', () => {
  test('are one line an hour, with how many they are', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish({}, ({ versions }) => {
      for (let patch = 0; patch < 2_000; patch++) versions[`0.0.${patch}`] = { dist: {} };
    });
    for (let time = 0; time < 10; time++) {
      await registry.anonymous.get('/left');
      registry.clock.advance(5 * minutes);
    }
    await registry.services.background.settled();
    expect(registry.log).toEqual([
      `upstream ${upstream.url}: left: versions left out for want of a checkable archive: 0.0.0, 0.0.1, 0.0.2, 0.0.3, 0.0.4 and 1995 more`,
    ]);
  });
});

describe('an archive that no packument names', () => {
  test('is not asked for by each request', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    for (let patch = 0; patch < 20; patch++) {
      expect((await registry.anonymous.get(`/left/-/left-0.0.${patch}.tgz`)).code).toBe('not_found');
    }
    expect(upstream.requests).toHaveLength(1);
    const newer = '/left/-/left-2.0.0.tgz';
    const bytes = upstream.publish({ version: '2.0.0' });
    expect((await registry.anonymous.get(newer)).code).toBe('not_found');
    registry.clock.advance(15_000);
    expect((await registry.anonymous.get(newer)).bytes).toEqual(bytes);
  });
});

describe('a token that upstream does not take', () => {
  test('is logged once an hour, and refuses what was kept', async () => {
    const upstream = await startScriptedUpstream();
    const upstreams = through({ ...upstream, token: 'upstream-secret' });
    const registry = await createTestRegistry({ settings: { upstreams } });
    const alice = await registry.signUp('alice');
    upstream.publish();
    await alice.get('/left');
    registry.clock.advance(5 * minutes);
    for (const path of ['/left', '/right']) upstream.on(path, { status: 401 });
    for (const path of ['/left', archive, '/right', '/left']) {
      expect((await alice.get(path)).code).toBe('upstream_refused');
    }
    upstream.publish();
    expect((await alice.get('/left')).status).toBe(200);
    await registry.services.background.settled();
    expect(registry.log).toEqual([
      `upstream ${upstream.url}: it answered with 401: it does not take the token`,
    ]);
  });
});
