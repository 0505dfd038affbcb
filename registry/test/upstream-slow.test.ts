import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withPackumentText } from '../src/protocols/npm/upstream/packument-text.ts';
import { startServer } from '../src/server.ts';
import { createSharedWork } from '../src/upstream/shared-work.ts';
import { createTurns } from '../src/upstream/turns.ts';
import { type ScriptedUpstream, startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { address, createTestRegistry, type TestRegistry } from './support/test-registry.ts';

/** An upstream that takes its time, and clients that do not wait for it. */

const never = new AbortController().signal;
const mostAtOnce = 32;

/** Gives a function that waits until so many beginnings and pieces of answers have arrived: after each, the wait is anew. */
function useFakeTimeouts(): (pieces: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const set = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => {
    set.mockRestore();
    vi.useRealTimers();
  });
  return async (pieces) => {
    while (set.mock.calls.filter(([, delay]) => delay === 30_000).length < pieces) await arrival();
  };
}

/** Real time for what was sent to arrive. */
async function arrival(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Answers with the beginning of a document, and goes on when told to. Resolves for each when it was asked. */
function hang(upstream: ScriptedUpstream, paths: readonly string[]): Promise<readonly ServerResponse[]> {
  const asked = paths.map(
    (path) =>
      new Promise<ServerResponse>((resolve) => {
        upstream.on(path, {
          by: (_request, response) => void response.write('{', () => resolve(response)),
        });
      }),
  );
  return Promise.all(asked);
}

const slowNames = Array.from({ length: mostAtOnce }, (_, index) => `slow${index}`);

/** The keys of the work that is begun from now on. */
function noteBegun({ services: { upstreamCache: cache } }: TestRegistry): readonly string[] {
  const begun: string[] = [];
  const { once: begin } = cache;
  const noting: typeof begin = (key, ...more) => {
    begun.push(key);
    return begin(key, ...more);
  };
  Object.assign(cache, { once: noting });
  return begun;
}

async function proxy() {
  const upstream = await startScriptedUpstream();
  const registry = await createTestRegistry({ settings: { upstreams: through(upstream) } });
  return { upstream, registry };
}

describe('an upstream that is slow', () => {
  test('stops nothing that is read from another one', async () => {
    const [slow, quick] = [await startScriptedUpstream(), await startScriptedUpstream()];
    const scopes = new Map([['@slow', through(slow).all as NonNullable<ReturnType<typeof through>['all']>]]);
    const upstreams = { ...through(quick), scopes };
    const registry = await createTestRegistry({ settings: { upstreams } });
    quick.publish();
    const paths = slowNames.map((name) => `/@slow%2f${name}`);
    const asked = hang(slow, paths);
    const answers = paths.map((path) => registry.anonymous.get(path));
    const responses = await asked;
    expect((await registry.anonymous.get('/left')).status).toBe(200);
    for (const response of responses) response.destroy();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(503);
  });

  test('with archives stops no packument', async () => {
    const { upstream, registry } = await proxy();
    for (const name of slowNames) upstream.publish({ name });
    upstream.publish();
    const paths = slowNames.map((name) => `/${name}/-/${name}-1.0.0.tgz`);
    const asked = hang(upstream, paths);
    const answers = paths.map((path) => registry.anonymous.get(path));
    const responses = await asked;
    expect((await registry.anonymous.get('/left')).status).toBe(200);
    for (const response of responses) response.destroy();
    await Promise.all(answers);
  });

  test('has a minute for a packument, however steadily it comes', async () => {
    const arrived = useFakeTimeouts();
    const { upstream, registry } = await proxy();
    const asked = hang(upstream, ['/left']);
    const answer = registry.anonymous.get('/left');
    const [response] = await asked;
    for (let time = 0; time < 3; time++) {
      await arrived(time + 2);
      vi.advanceTimersByTime(20_000);
      response?.write(' ');
    }
    expect(await answer).toMatchObject({
      status: 503,
      text: expect.stringContaining('all of it took too long'),
    });
  });

  test('is not waited for longer than ten seconds by whoever has not had a turn', async () => {
    const arrived = useFakeTimeouts();
    const { upstream, registry } = await proxy();
    upstream.publish({ name: 'kept' });
    const { text } = await registry.anonymous.get('/kept');
    registry.clock.advance(5 * 60_000);
    const asked = hang(
      upstream,
      slowNames.map((name) => `/${name}`),
    );
    const answers = slowNames.map((name) => registry.anonymous.get(`/${name}`));
    const responses = await asked;
    await arrived(2 + 2 * mostAtOnce);
    const begun = noteBegun(registry);
    const late = ['/kept', '/left', '/right'].map((path) => registry.anonymous.get(path));
    while (begun.length < late.length) await arrival();
    vi.advanceTimersByTime(10_000);
    const [kept, left, right] = await Promise.all(late);
    expect(kept).toMatchObject({ status: 200, text });
    for (const one of [left, right]) {
      expect(one).toMatchObject({ status: 503, text: expect.stringContaining('too much is asked') });
    }
    expect(upstream.requests.map(({ path }) => path)).not.toContain('/left');
    await registry.services.background.settled();
    expect(registry.log).toHaveLength(1);
    for (const response of responses) response.destroy();
    await Promise.all(answers);
  });

  test('is not asked for what nobody waits for any more', async () => {
    const { upstream, registry } = await proxy();
    const { services, app } = registry;
    const begun = noteBegun(registry);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const asked = hang(
      upstream,
      slowNames.map((name) => `/${name}`),
    );
    const answers = slowNames.map((name) => registry.anonymous.get(`/${name}`));
    const responses = await asked;
    const headers = { host: new URL(address).host };
    const client = sendRequest({ port, path: '/gone', headers, agent: false }).on('error', () => {});
    client.end();
    await vi.waitFor(() => expect(begun.join('\n')).toContain(' gone '));
    client.destroy();
    await vi.waitFor(async () => {
      const connections = await new Promise((resolve) =>
        app.server.getConnections((_, count) => resolve(count)),
      );
      expect(connections).toBe(0);
    });
    await arrival();
    upstream.publish();
    const answer = registry.anonymous.get('/left');
    for (const response of responses) response.destroy();
    expect((await answer).status).toBe(200);
    expect(upstream.requests.map(({ path }) => path)).not.toContain('/gone');
    await Promise.all(answers);
    await services.background.settled();
    expect(registry.log.join('\n')).not.toContain('gone');
  });
});

describe('large packuments', () => {
  test('are read a few at a time', async () => {
    const { services } = (await proxy()).registry;
    const [megabyte, size] = [1024 * 1024, 4];
    const read = Array.from({ length: 8 }, () => 0);
    const rest = Promise.withResolvers<void>();
    const texts = read.map((_, index) =>
      withPackumentText(
        services,
        { upstream: { url: 'https://upstream.example/' }, unwanted: never },
        {
          status: 200,
          etag: undefined,
          async *read() {
            for (let piece = 0; piece < size; piece++) {
              if (piece === size - 1) await rest.promise;
              read[index] = (read[index] ?? 0) + 1;
              yield new Uint8Array(megabyte).fill(0x20);
            }
          },
        },
        async (text) => text.length,
      ),
    );
    await arrival();
    expect(read.filter((pieces) => pieces > 2)).toHaveLength(3);
    rest.resolve();
    expect(await Promise.all(texts)).toEqual(Array(8).fill(size * megabyte));
  });
});

describe('work that several ask for', () => {
  test('is done once, and unwanted only when all of them have left', async () => {
    const shared = createSharedWork();
    const [one, other] = [new AbortController(), new AbortController()];
    const seen: AbortSignal[] = [];
    const [old, renewed] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const results = [old, renewed];
    const work = async (unwanted: AbortSignal) => {
      seen.push(unwanted);
      return (await results[seen.length - 1]?.promise) ?? '';
    };
    const answers = [one, other].map(({ signal }) => shared.once('left', signal, work));
    one.abort();
    expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
    other.abort();
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
    // Who comes now does not share the fate of those.
    const later = shared.once('left', never, work);
    renewed.resolve('new');
    old.resolve('old');
    expect(await Promise.all([...answers, later])).toEqual(['old', 'old', 'new']);
    expect(seen.map(({ aborted }) => aborted)).toEqual([true, false]);
    await shared.settled();
  });

  test('goes on in its turn, also after some that failed or left', async () => {
    const inTurn = createTurns({ mostAtOnce: 1, longestWait: 60_000 });
    const order: string[] = [];
    const failing = Promise.withResolvers<void>();
    const first = inTurn(() => failing.promise, never);
    const leaving = new AbortController();
    const second = inTurn(async () => void order.push('second'), leaving.signal);
    const third = inTurn(async () => void order.push('third'), never);
    leaving.abort();
    await expect(second).rejects.toMatchObject({ code: 'upstream_unavailable' });
    failing.reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    await third;
    await expect(inTurn(async () => order.push('late'), leaving.signal)).rejects.toThrow();
    await inTurn(async () => void order.push('last'), never);
    expect(order).toEqual(['third', 'last']);
  });
});

describe('a server that is asked to stop', () => {
  test('gives up what it reads from upstream for nobody', async () => {
    const upstream = await startScriptedUpstream();
    const { data } = await createTestRegistry();
    const server = await startServer({
      data,
      host: '127.0.0.1',
      port: 0,
      registration: undefined,
      url: undefined,
      upstream: upstream.url,
    });
    upstream.publish();
    const asked = hang(upstream, ['/left/-/left-1.0.0.tgz']);
    const client = sendRequest(`${server.url}/left/-/left-1.0.0.tgz`, { agent: false }).on('error', () => {});
    client.end();
    const [response] = await asked;
    client.destroy();
    const givenUp = once(response as ServerResponse, 'close');
    await server.stop();
    await givenUp;
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(`${data}/upstream/archives/incoming`)).toEqual([]);
  });
});
