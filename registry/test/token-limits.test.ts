import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { tokenScopes } from '../src/accounts/tokens/scopes.ts';
import { addRoutes } from '../src/routes.ts';
import type { Answer, Client } from './support/client.ts';
import { archiveOf, manifestOf, publish } from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { day, hour } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';
import { createToken, limitedClient } from './support/tokens.ts';

const tool = '/-/package/@acme%2ftool';
const json = { 'content-type': 'application/json' };

/** Alice owns a package, bob has an account. */
async function withTool(): Promise<[TestRegistry, Client]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await registry.signUp('bob');
  expect((await publish(alice)).status).toBe(201);
  return [registry, alice];
}

interface Route {
  readonly method: string;
  readonly url: string;
}

/** Every route there is, as `routes.ts` registers them. */
async function allRoutes(registry: TestRegistry): Promise<Route[]> {
  const routes: Route[] = [];
  const app = fastify();
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url });
  });
  addRoutes(app, registry.services);
  await app.ready();
  await app.close();
  return routes.filter(({ url }) => !isPage(url));
}

/** What people see in a browser knows sessions only. */
function isPage(url: string): boolean {
  return url === '/' || url.startsWith('/-/web/');
}

/** The routes that answer whoever asks, and what a limited token may always do: know itself, and end itself. */
const openRoutes = new Set([
  'GET /-/ping',
  'GET /-/whoami',
  'GET /-/pub/v1/scopes/:scope',
  'GET /-/v1/done',
  'POST /-/v1/login',
  'PUT /-/user/:id',
  'POST /-/pub/v1/leaked-tokens',
  'POST /-/pub/v1/logout',
  'DELETE /-/user/token/:token',
]);

/** What names its packages or its stage elsewhere than in the path, and is refused for each of them by tests of its own. */
const namesElsewhere =
  / \/(-\/pub\/v1\/(preflight|batch-proofs|one-shot-tokens)|-\/stage(\/:id.*)?|cargo\/api\/v1\/crates\/new)$/;

/** What this registry does for nobody: teams, trusted publishing, and paths of npm's that it does not know. */
const doneForNobody = / \/-\/(team|org\/:org\/team|package\/:name\/trust|npm\/v1\/oidc|\*)/;

/**
 * What looks at no token, or reads with one what everybody may read: who is an owner, searches, keys, audits, whether
 * a request was approved, and the index of cargo, which hides what is restricted (`cargo-index.test.ts`).
 */
const readByEverybody =
  / \/(-\/user\/:id|-\/v1\/(search|done)|-\/npm\/v1\/(keys|security\/.*)|cargo\/(index\/.*|me|api\/v1\/crates(\/:name\/(owners|:version\/download))?))$/;

function answersAnybody(name: string): boolean {
  if (openRoutes.has(name.replace('HEAD', 'GET'))) return true;
  if (namesElsewhere.test(name) || doneForNobody.test(name)) return true;
  return readByEverybody.test(name) && !/^(PUT|DELETE) \/cargo/.test(name);
}

const values: Readonly<Record<string, string>> = {
  ':ecosystem': 'npm',
  ':name': '@acme%2ftool',
  ':version': '1.0.1',
  ':revision': '1-pub',
  ':file': 'tool-1.0.0.tgz',
  ':tag': 'next',
  ':user': 'bob',
  ':scope': '@acme',
  ':org': 'acme',
  ':key': '0123456789abcdef',
};

function urlOf({ url }: Route): string {
  const plain = url.replaceAll(/\([^)]*\)/g, '');
  return plain.replaceAll(/:[a-z]+/gi, (name) => values[name] ?? 'org.couchdb.user:bob');
}

async function ask(client: Client, route: Route): Promise<Answer> {
  const body = ['GET', 'HEAD'].includes(route.method) ? undefined : '{}';
  return await client.send(route.method as 'GET', urlOf(route), body ? { body, headers: json } : {});
}

describe('every route there is', () => {
  test('refuses a token whose scopes are all there are, and whose packages are others', async () => {
    const [registry, alice] = await withTool();
    await alice.post(`${tool}/access`, { access: 'restricted' });
    const routes = await allRoutes(registry);
    expect(routes.length).toBeGreaterThan(25);
    for (const route of routes) {
      const name = `${route.method} ${route.url}`;
      if (answersAnybody(name)) continue;
      const token = await limitedClient(alice, { scopes: [...tokenScopes], packages: ['@acme/other'] });
      const answer = await ask(token, route);
      const code = route.method === 'HEAD' ? undefined : 'token_limited';
      expect([name, answer.status, answer.code]).toEqual([name, 403, code]);
      expect(answer.headers['cache-control']).toBe('no-store');
      await token.post('/-/pub/v1/logout');
    }
  });

  test('that says nothing of limited tokens hears none, whatever its scopes', async () => {
    const [registry, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: [...tokenScopes] });
    const unsaid = [
      await token.get(profilePath),
      await token.post(profilePath, { fullname: 'Mallory' }),
      await token.post(profilePath, { email: 'mallory@example.org' }),
      await token.post(profilePath, { password: { old: goodPassword, new: 'a battery of horses' } }),
      await token.post(profilePath, { tfa: { mode: 'auth-only', password: goodPassword } }),
      await token.post(profilePath, { tfa: ['123456'] }),
      await token.get('/-/npm/v1/tokens'),
      await token.post('/-/npm/v1/tokens', { password: goodPassword, readonly: false }),
      await token.post('/-/pub/v1/tokens', { name: 'more', password: goodPassword, scopes: ['owners'] }),
      await token.delete('/-/npm/v1/tokens/token/012345'),
      await token.delete(`/-/user/token/${alice.token}`),
    ];
    expect(unsaid.map(({ code }) => code)).toEqual(Array(unsaid.length).fill('token_limited'));
    expect((await alice.get('/-/whoami')).status).toBe(200);
    await registry.services.background.settled();
    expect(await registry.auditEvents()).toContain('token:refused alice alice');
  });
});

type Act = (client: Client) => Promise<Answer>;

const setOwners = async (client: Client, readAs: Client, owners: string[]) => {
  const { body } = await readAs.get('/@acme%2ftool');
  const document = { _id: body._id, _rev: body._rev, maintainers: owners.map((name) => ({ name })) };
  return await client.put(`/@acme%2ftool/-rev/${body._rev}`, document);
};

/** Each act with the one scope that allows it. */
function actsBy(alice: Client): Record<string, readonly [string, Act]> {
  const deprecation = { name: '@acme/tool', versions: { '1.0.0': { ...manifestOf(), deprecated: 'old' } } };
  return {
    'npm publish': ['publish', (client) => publish(client, { version: '1.0.1' })],
    'pub upload': ['publish', (client) => publish(client, { version: '1.0.2' }, { via: 'pub' })],
    'npm publish again': ['publish', (client) => publish(client)],
    'pub upload again': ['publish', (client) => publish(client, {}, { via: 'pub' })],
    deprecate: ['yank', (client) => client.put('/@acme%2ftool', deprecation)],
    'set a tag': ['yank', (client) => client.put(`${tool}/dist-tags/next`, '"1.0.0"', { headers: json })],
    'set a tag by POST': [
      'yank',
      (client) => client.post(`${tool}/dist-tags/beta`, '"1.0.0"', { headers: json }),
    ],
    'remove a tag': ['yank', (client) => client.delete(`${tool}/dist-tags/next`)],
    'npm owner rm': ['owners', (client) => setOwners(client, alice, ['alice'])],
    'restrict access': ['owners', (client) => client.post(`${tool}/access`, { access: 'restricted' })],
    'read what is restricted': ['read', (client) => client.get('/@acme%2ftool')],
    'read an archive': ['read', (client) => client.get('/@acme%2ftool/-/tool-1.0.0.tgz')],
    'read its tags': ['read', (client) => client.get(`${tool}/dist-tags`)],
    'read its owners': ['read', (client) => client.get(`${tool}/collaborators`)],
  };
}

describe('a token with one scope', () => {
  test.each(tokenScopes)('%s does what this scope names, and nothing else', async (scope) => {
    const [, alice] = await withTool();
    expect((await alice.post(`${tool}/access`, { access: 'restricted' })).status).toBe(200);
    const token = await limitedClient(alice, { scopes: [scope], packages: ['@acme/*'] });
    // Tags are there to be removed, and versions to be read, whichever scope is asked first.
    await alice.put(`${tool}/dist-tags/next`, '"1.0.0"', { headers: json });
    for (const [name, [needed, act]] of Object.entries(actsBy(alice))) {
      const answer = await act(token);
      if (needed === scope) expect([name, answer.status < 300, answer.code]).toEqual([name, true, undefined]);
      else expect([name, answer.status, answer.code]).toEqual([name, 403, 'token_limited']);
    }
  });

  test('publish cannot deprecate through the route that publishes, nor yank publish through it', async () => {
    const [, alice] = await withTool();
    const publisher = await limitedClient(alice, { scopes: ['publish'] });
    const yanker = await limitedClient(alice, { scopes: ['yank'] });
    const document = { name: '@acme/tool', versions: { '1.0.0': { ...manifestOf(), deprecated: 'old' } } };
    expect((await publisher.put('/@acme%2ftool', document)).code).toBe('token_limited');
    expect((await publish(yanker, { version: '1.0.1' })).code).toBe('token_limited');
    const { versions } = (await alice.get('/@acme%2ftool')).body;
    expect([Object.keys(versions), versions['1.0.0'].deprecated]).toEqual([['1.0.0'], undefined]);
  });

  test('publish is told by the preflight what it may publish', async () => {
    const [, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['publish'], packages: ['@acme/tool'] });
    const release = (name: string) => ({
      ecosystem: 'npm',
      name,
      version: '2.0.0',
      sha256: '0'.repeat(64),
      size: 10,
    });
    const { body } = await token.post('/-/pub/v1/preflight', {
      releases: [release('@acme/tool'), release('@acme/other')],
    });
    expect(
      body.releases.map((each: { decision: string; code?: string }) => [each.decision, each.code]),
    ).toEqual([
      ['accept', undefined],
      ['refuse', 'token_limited'],
    ]);
    const reader = await limitedClient(alice, { scopes: ['read', 'yank', 'owners'] });
    expect((await reader.post('/-/pub/v1/preflight', { releases: [release('@acme/tool')] })).code).toBe(
      'token_limited',
    );
  });

  test('stage publishes nothing', async () => {
    const [, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['stage'] });
    for (const via of ['npm', 'pub'] as const) {
      expect((await publish(token, { version: '1.0.1' }, { via })).code).toBe('token_limited');
    }
  });
});

describe('a token for some packages', () => {
  test.each([
    ['@acme/tool', '@acme/tool', true],
    ['@acme/*', '@acme/tool', true],
    ['tool', 'tool', true],
    ['@acme/*', '@acme2/tool', false],
    ['@acme/*', 'acme', false],
    ['@acme/to', '@acme/tool', false],
    ['@acme/tool', '@acme/tool2', false],
    ['tool', '@acme/tool', false],
    ['@acme/tool', 'tool', false],
  ])('for %s publishes %s: %s', async (pattern, name, allowed) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const token = await limitedClient(alice, { scopes: ['publish'], packages: [pattern] });
    for (const [via, version] of [
      ['npm', '1.0.0'],
      ['pub', '1.0.1'],
    ] as const) {
      const answer = await publish(token, { name, version }, { via });
      expect([answer.status, answer.code]).toEqual(allowed ? [201, undefined] : [403, 'token_limited']);
    }
  });

  test('does not publish another one whose name is in the body or the archive only', async () => {
    const [, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['publish'], packages: ['@acme/other'] });
    const archive = archiveOf({ version: '3.0.0' });
    const sent = await publish(token, { name: '@acme/other', version: '3.0.0' }, { archive, via: 'pub' });
    expect(sent.code).toBe('manifest_mismatch');
    expect(Object.keys((await alice.get('/@acme%2ftool')).body.versions)).toEqual(['1.0.0']);
  });

  test('learns nothing of a restricted package it does not name', async () => {
    const [, alice] = await withTool();
    await alice.post(`${tool}/access`, { access: 'restricted' });
    const token = await limitedClient(alice, { scopes: ['read'], packages: ['@acme/other'] });
    const there = await token.get('/@acme%2ftool');
    const nowhere = await token.get('/@acme%2fnone');
    expect(there.status).toBe(403);
    expect(there.text.replaceAll('tool', 'none')).toBe(nowhere.text);
  });

  test('reads what everybody may read, as if it were not there', async () => {
    const [registry, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['publish'], packages: ['@acme/other'] });
    expect((await token.get('/@acme%2ftool')).status).toBe(200);
    expect((await token.get('/@acme%2ftool/-/tool-1.0.0.tgz')).status).toBe(200);
    await registry.services.background.settled();
    expect(await registry.auditEvents()).not.toContain('token:refused alice alice');
  });

  test('can do no more than its account, when the account can do less', async () => {
    const [registry, alice] = await withTool();
    const bob = alice.from({ token: (await registry.logIn('bob')).body.token });
    const token = await limitedClient(bob, { scopes: [...tokenScopes] });
    expect((await publish(token, { version: '1.0.1' })).code).toBe('not_owner');
  });
});

describe('a token for some networks', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.200', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.0/24', '::ffff:192.0.2.200', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '192.0.2.1', false],
    ['::/0', '192.0.2.1', false],
  ])('%s is heard from %s: %s', async (network, address, allowed) => {
    const [registry, alice] = await withTool();
    const limited = await limitedClient(alice, { scopes: ['publish'], networks: [network] });
    const token = limited.from({ address });
    const answers = [
      await token.get('/-/whoami'),
      await publish(token, { version: '1.0.1' }),
      await publish(token, { version: '1.0.2' }, { via: 'pub' }),
    ];
    const expected = allowed ? [200, 201, 201] : [403, 403, 403];
    expect(answers.map(({ status }) => status)).toEqual(expected);
    await registry.services.background.settled();
    expect((await registry.auditEvents()).includes('token:refused alice alice')).toBe(!allowed);
  });

  test('does not believe a header about where it is from', async () => {
    const [, alice] = await withTool();
    const limited = await limitedClient(alice, { scopes: ['publish'], networks: ['192.0.2.0/24'] });
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    const answer = await limited.from({ address: '198.51.100.1' }).get('/-/whoami', { headers });
    expect(answer.code).toBe('token_limited');
  });
});

describe('the life of a token', () => {
  test('ends when it was said to, to the millisecond', async () => {
    const [registry, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['publish'], days: 2 });
    registry.clock.advance(2 * day - 1);
    expect((await token.get('/-/whoami')).status).toBe(200);
    registry.clock.advance(1);
    expect((await token.get('/-/whoami')).code).toBe('unauthenticated');
  });

  test.each([
    [['publish'], undefined, 7],
    [['publish'], 90, 90],
    [['publish'], 91, undefined],
    [['read', 'owners'], 91, undefined],
    [['read'], 365, 365],
    [['read'], 366, undefined],
    [['read'], 0, undefined],
    [['read'], -1, undefined],
    [['read'], 1.5, undefined],
  ])('of %j asked for %s days is %s', async (scopes, days, granted) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const answer = await createToken(alice, { scopes, days });
    if (granted === undefined) expect([answer.status, answer.code]).toEqual([400, 'bad_request']);
    else expect(Date.parse(answer.body.expires)).toBe(registry.clock.now + granted * day);
  });

  test('is over for an upload under way when it is revoked', async () => {
    const [, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['publish'] });
    for (const [via, version] of [
      ['npm', '1.0.1'],
      ['pub', '1.0.2'],
    ] as const) {
      const each = await limitedClient(alice, { scopes: ['publish'] });
      const upload = await beginUpload(each, { version }, { via });
      const { body } = await alice.get('/-/npm/v1/tokens');
      expect((await alice.delete(`/-/npm/v1/tokens/token/${body.objects[0].key}`)).status).toBe(204);
      expect((await upload.finish()).code).toBe('unauthenticated');
    }
    expect((await token.get('/-/whoami')).status).toBe(200);
    expect(Object.keys((await alice.get('/@acme%2ftool')).body.versions)).toEqual(['1.0.0']);
  });

  test('takes no second factor away: a code is asked for as of its account', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const made = await createToken(alice, { scopes: ['publish'] }, app.code());
    const token = alice.from({ token: made.body.token });
    for (const via of ['npm', 'pub'] as const) {
      expect((await publish(token, { version: '1.0.0' }, { via })).code).toBe('otp_required');
    }
    expect((await publish(token, {}, { otp: app.nextCode() })).status).toBe(201);
  });
});

describe('the last use of a token', () => {
  test('is noted beside the request, at most once an hour', async () => {
    const [registry, alice] = await withTool();
    const token = (await limitedClient(alice, { scopes: ['read'] })).from({ address: '192.0.2.1' });
    const used = async () => {
      await registry.services.background.settled();
      const { body } = await alice.get('/-/npm/v1/tokens');
      return [body.objects[0].last_used, body.objects[0].last_used_address];
    };
    expect(await used()).toEqual([null, null]);
    await token.get('/-/whoami');
    const first = [new Date(registry.clock.now).toISOString(), '192.0.2.1'];
    expect(await used()).toEqual(first);
    registry.clock.advance(hour - 1);
    await token.get('/-/whoami');
    expect(await used()).toEqual(first);
    registry.clock.advance(1);
    await token.get('/-/whoami');
    expect(await used()).toEqual([new Date(registry.clock.now).toISOString(), '192.0.2.1']);
  });

  test('keeps no reader waiting for a writer', async () => {
    const [registry, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['read'] });
    let answered = 0;
    await registry.behindLock(
      async () => await registry.services.background.settled(),
      async () => {
        answered = (await token.get('/@acme%2ftool')).status;
      },
    );
    expect(answered).toBe(200);
  });

  test('from a new address is mailed and logged, once, whichever token it is', async () => {
    const [registry, alice] = await withTool();
    const token = await limitedClient(alice, { scopes: ['read'] });
    const there = await registry.another();
    for (const client of [token, alice]) {
      for (const app of [registry.app, there.app]) {
        await client.from({ address: '203.0.113.9', app }).get('/-/whoami');
        await client.from({ address: '127.0.0.1', app }).get('/-/whoami');
      }
    }
    await registry.services.background.settled();
    await there.services.background.settled();
    const mails = registry.sql("select recipient from outbox where template = 'new-address'");
    expect(mails).toEqual([{ recipient: 'alice@example.org' }]);
    const events = await registry.auditEvents();
    expect(events.filter((event) => event.startsWith('account:new-address'))).toEqual([
      'account:new-address alice alice',
    ]);
    expect(registry.bytesAtRest()).toContain('203.0.113.9'); // in the mail and the list of tokens, for its owner
  });
});

test.each([
  ['another address of the same home', '2001:db8:1:2::77', 0],
  ['another home', '2001:db8:1:3::1', 1],
  ['the first home, written otherwise', '2001:db8:1:2:0:0:0:1', 0],
])('%s is told %s as new: %i mails', async (_what, address, mails) => {
  const [registry, alice] = await withTool();
  for (const from of ['2001:db8:1:2::1', address]) {
    await alice.from({ address: from }).get('/-/whoami');
    await registry.services.background.settled();
  }
  const rows = registry.sql("select id from outbox where template = 'new-address'");
  expect(rows).toHaveLength(1 + mails);
});

test('a token that hops from address to address buries no mail under others', async () => {
  const [registry, alice] = await withTool();
  for (let i = 0; i < 20; i++) await alice.from({ address: `198.51.100.${i}` }).get('/-/whoami');
  await registry.services.background.settled();
  expect(registry.sql("select id from outbox where template = 'new-address'")).toHaveLength(5);
  registry.clock.advance(day);
  await alice.from({ address: '203.0.113.1' }).get('/-/whoami');
  await registry.services.background.settled();
  expect(registry.sql("select id from outbox where template = 'new-address'")).toHaveLength(6);
});

test('what became of a dead token is in the log and in no answer', async () => {
  const [registry, alice] = await withTool();
  const expired = await limitedClient(alice, { scopes: ['read'], days: 1 });
  const revoked = await limitedClient(alice, { scopes: ['read'] });
  const leaked = await limitedClient(alice, { scopes: ['read'] });
  await revoked.post('/-/pub/v1/logout');
  await registry.anonymous.post('/-/pub/v1/leaked-tokens', { tokens: [leaked.token] });
  registry.clock.advance(day);
  const answers = [];
  for (const client of [expired, revoked, leaked]) {
    answers.push((await client.get('/-/whoami')).text);
    await client.get('/-/whoami');
    await registry.services.background.settled();
  }
  expect(new Set(answers).size).toBe(1);
  const rows = registry.sql("select details from audit_events where tag = 'token:refused'");
  expect(rows.map(({ details }) => JSON.parse(details).reason)).toEqual(['expired', 'revoked', 'leaked']);
});
