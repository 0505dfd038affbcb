import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import type { OpenAnswer } from '../src/protocols/open-answer.ts';
import { keepingOpen } from '../src/protocols/open-answers.ts';
import type { Answer, Client, RequestOptions } from './support/client.ts';
import { cargoPublish } from './support/crates.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

const short = 'application/vnd.npm.install-v1+json';
const tool = '/@acme%2ftool';
const archive = `${tool}/-/tool-1.0.0.tgz`;
const index = '/cargo/index/to/ol/tool';
const crate = '/cargo/api/v1/crates/tool/1.0.0/download';
const urls = [tool, archive, index, crate];
/** So that a document is worth compressing. */
const description = 'a tool '.repeat(300);

async function withPackages(options: Parameters<typeof createTestRegistry>[0] = {}) {
  const registry = await createTestRegistry(options);
  const alice = await registry.signUp('alice');
  await publish(alice, { manifest: { description } });
  await cargoPublish(alice, { name: 'tool' });
  await registry.services.background.settled();
  return { registry, alice };
}

const keyOf = (url: string, accept = '', encoding = '') => `${url}\n${accept}\n${encoding}`;

function keptOf({ services }: TestRegistry, url: string): OpenAnswer | undefined {
  return services.openAnswers.get(keyOf(url));
}

const mark = 'this was kept';

/** Has it kept, and then changes what is kept: who gets the mark was answered from there. */
async function markKept(registry: TestRegistry, url: string): Promise<void> {
  expect((await registry.anonymous.get(url)).status).toBe(200);
  const kept = keptOf(registry, url);
  if (kept === undefined) throw new Error(`${url} was not kept`);
  const headers = { ...kept.headers, 'content-length': mark.length };
  registry.services.openAnswers.set(keyOf(url), { ...kept, headers, body: Buffer.from(mark) }, mark.length);
  expect((await registry.anonymous.get(url)).text).toBe(mark);
}

function seen({ status, headers, bytes }: Answer) {
  const { date: _, ...others } = headers;
  return { status, headers: { ...others, 'content-length': String(others['content-length']) }, bytes };
}

test('what is kept is sent as what was made: whole, compressed, in each form, and to who has it', async () => {
  const { registry } = await withPackages();
  const forms: RequestOptions['headers'][] = [{}, { accept: short }, { 'accept-encoding': 'gzip' }];
  for (const url of urls) {
    for (const form of [...forms, { accept: short, 'accept-encoding': 'br, gzip;q=0.5' }]) {
      const made = await registry.anonymous.get(url, { headers: form ?? {} });
      const kept = await registry.anonymous.get(url, { headers: form ?? {} });
      expect([url, made.status, seen(kept)]).toEqual([url, 200, seen(made)]);
      const known = { ...form, 'if-none-match': String(made.headers['etag']) };
      const unmodified = await registry.anonymous.get(url, { headers: known });
      expect([unmodified.status, unmodified.text]).toEqual([304, '']);
      // Anybody's commit, and it is made once more.
      registry.sql('update packages set updated_at = updated_at');
      expect(seen(unmodified)).toEqual(seen(await registry.anonymous.get(url, { headers: known })));
      const other = await registry.anonymous.get(url, { headers: { ...form, 'if-none-match': '"other"' } });
      expect(seen(other)).toEqual(seen(made));
    }
  }
});

test.each([
  [
    'of this process',
    async ({ registry }: { registry: TestRegistry }) => void (await registry.signUp('bob')),
  ],
  [
    'of another process',
    async ({ registry }: { registry: TestRegistry }) => void (await (await registry.another()).signUp('bob')),
  ],
  [
    'of any program',
    async ({ registry }: { registry: TestRegistry }) => void registry.sql('update accounts set email = null'),
  ],
])('what is kept is not sent any more after a commit %s', async (_, commit) => {
  const { registry } = await withPackages();
  for (const url of urls) await markKept(registry, url);
  await commit({ registry });
  for (const url of urls) {
    const answer = await registry.anonymous.get(url);
    expect([url, answer.status, answer.text === mark]).toEqual([url, 200, false]);
  }
});

test('a package that is restricted is gone with the next request, and is kept for nobody', async () => {
  const { registry, alice } = await withPackages();
  for (const url of [tool, archive]) await markKept(registry, url);
  await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
  await registry.services.background.settled();
  for (const url of [tool, archive]) {
    expect((await registry.anonymous.get(url)).status).toBe(404);
    expect((await alice.get(url)).text).not.toBe(mark);
    expect((await alice.get(url)).status).toBe(200);
    expect((await registry.anonymous.get(url)).status).toBe(404);
  }
});

test('who says more than the key is answered anew', async () => {
  const { registry, alice } = await withPackages();
  const reader = await limitedClient(alice, { name: 'reader', scopes: ['read'] });
  const elsewhere = await limitedClient(alice, {
    name: 'ci',
    scopes: ['read'],
    networks: ['198.51.100.0/24'],
  });
  for (const client of [alice, reader, elsewhere]) await client.get(tool);
  await registry.services.background.settled();
  for (const url of urls) await markKept(registry, url);
  const nobody = alice.from({ token: 'no-token' });
  for (const url of urls) {
    for (const client of [alice, reader, elsewhere, nobody]) {
      const answer = await client.get(url);
      expect([url, answer.status, answer.text === mark]).toEqual([url, 200, false]);
    }
    const others: RequestOptions['headers'][] = [
      { range: 'bytes=0-' },
      { range: 'bytes=0-3' },
      { accept: '*/*' },
      { 'accept-encoding': 'identity' },
      { authorization: '' },
    ];
    for (const headers of others) {
      const answer = await registry.anonymous.get(url, { headers: headers ?? {} });
      expect([url, headers, answer.status < 300, answer.text === mark]).toEqual([url, headers, true, false]);
    }
    const head = await registry.anonymous.send('HEAD', url);
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).not.toBe(mark.length);
    const asked = await registry.anonymous.get(`${url}?x=1`);
    expect(asked.text).not.toBe(mark);
    const foreign = await registry.anonymous.get(url, { headers: { host: 'evil.example' } });
    expect(foreign.status).toBe(400);
    for (const method of ['PUT', 'POST', 'DELETE'] as const)
      expect((await registry.anonymous.send(method, url)).text).not.toBe(mark);
  }
});

test('where cargo reads nothing without a token nothing of it is kept', async () => {
  const { registry, alice } = await withPackages({ settings: { cargoAuthRequired: true } });
  const bearer = { authorization: alice.token };
  for (const url of [index, crate]) {
    expect((await registry.anonymous.get(url, { headers: bearer })).status).toBe(200);
    expect((await registry.anonymous.get(url)).status).toBe(401);
    expect(keptOf(registry, url)).toBeUndefined();
  }
});

test('what is not there, or only staged, is not kept', async () => {
  const { registry, alice } = await withPackages();
  await alice.post('/-/stage/package/@acme%2fstaged');
  for (const url of [
    '/@acme%2fnone',
    `${tool}/-/tool-9.0.0.tgz`,
    '/cargo/index/no/ne/none',
    '/@acme%2fstaged',
  ]) {
    expect((await registry.anonymous.get(url)).status).toBe(404);
    expect(keptOf(registry, url)).toBeUndefined();
  }
});

/** A route of its own, whose answer may be kept by all that is known of the request. */
async function withRoute(registry: TestRegistry, make: Parameters<typeof keepingOpen>[0]): Promise<Client> {
  const app = createApp(registry.services);
  onTestFinished(async () => await app.close());
  const handle = keepingOpen(make);
  app.get('/-/made', (request, reply) => handle(registry.services, request, reply));
  return registry.anonymous.from({ app });
}

test('an answer that was begun before a commit is not kept beyond it', async () => {
  const { registry, alice } = await withPackages();
  let state = 'before';
  const client = await withRoute(registry, async (_services, _request, reply, { keep }) => {
    const body = Buffer.from(state);
    if (state === 'before') await publish(alice, { version: '1.0.1' });
    state = 'after';
    await registry.services.background.settled();
    keep?.({ reply: reply.header('cache-control', 'public, no-cache'), etag: '"x"', content: {}, body });
    return reply.send(body);
  });
  expect((await client.get('/-/made')).text).toBe('before');
  expect(keptOf(registry, '/-/made')?.body.toString()).toBe('before');
  expect((await client.get('/-/made')).text).toBe('after');
});

test('an answer that does not say that everybody may keep it is not kept', async () => {
  const { registry } = await withPackages();
  for (const value of ['private, no-cache', 'no-store', 'no-cache', 'privatepublic, ', '']) {
    const client = await withRoute(registry, async (_services, _request, reply, { keep }) => {
      const body = Buffer.from('some');
      keep?.({ reply: reply.header('cache-control', value), etag: '"x"', content: {}, body });
      return reply.send(body);
    });
    expect((await client.get('/-/made')).text).toBe('some');
    expect(keptOf(registry, '/-/made')).toBeUndefined();
  }
});

test('under another address of the registry nothing is kept from before', async () => {
  const { registry } = await withPackages();
  for (const url of urls) await markKept(registry, url);
  const settings = { ...registry.services.settings, publicUrl: () => 'https://new.example' };
  const app = createApp({ ...registry.services, settings });
  const client = registry.anonymous.from({ app });
  for (const url of urls) expect((await client.get(url)).text).not.toBe(mark);
  expect((await client.get(tool)).text).toContain('https://new.example/');
  await app.close();
});
