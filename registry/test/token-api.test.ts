import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Act } from '../src/accounts/act.ts';
import { approve, createApproval, findOpenApproval } from '../src/accounts/approvals.ts';
import { collect } from '../src/accounts/collect-approval.ts';
import { generateToken } from '../src/accounts/tokens.ts';
import type { Client } from './support/client.ts';
import { publish } from './support/publishing.ts';
import { hour } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';
import { createToken, limitedClient } from './support/tokens.ts';

const path = '/-/npm/v1/tokens';
const list = async (client: Client) => (await client.get(path)).body;

/** What npm 12 sends for `npm token create`, with what a test asks for besides. */
function npmRequest(asked: object) {
  return { name: 'ci', password: goodPassword, ...asked };
}

/** The proof of somebody who approved an act of the first account in a browser. */
async function approved({ services }: TestRegistry, act: Act): Promise<string> {
  const program = { agent: 'npm/12', address: '127.0.0.1' };
  const { page, done } = await createApproval(services, { kind: 'act', accountId: 1, act, program });
  const open = await findOpenApproval(services.database.read, page, services.clock());
  if (open === undefined) throw new Error('nothing to approve');
  const by = { accountId: 1, factor: 'passkey' };
  await services.database.write((transaction) => approve(transaction, open, by, services.clock()));
  const collected = await collect(services, done);
  if (collected.state !== 'granted') throw new Error(collected.state);
  return collected.secret;
}

const granular = { packages_all: true, packages_and_scopes_permission: 'read-write' };

describe('making a token', () => {
  test('answers once with it, and keeps only its hash', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const made = await alice.post(
      path,
      npmRequest({
        description: 'for the build',
        packages: ['@acme/tool'],
        scopes: ['@beta'],
        orgs: [],
        packages_and_scopes_permission: 'read-write',
        orgs_permission: 'no-access',
        expires: 30,
        cidr_whitelist: ['127.0.0.0/8'],
      }),
    );
    expect([made.status, made.headers['cache-control']]).toEqual([201, 'no-store']);
    const { token, key, ...rest } = made.body;
    expect(token).toMatch(/^pub_/);
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(rest).toEqual({
      name: 'ci',
      description: 'for the build',
      readonly: false,
      cidr_whitelist: ['127.0.0.0/8'],
      created: '2026-01-01T12:00:15.000Z',
      updated: '2026-01-01T12:00:15.000Z',
      expires: '2026-01-31T12:00:15.000Z',
      expiry: '2026-01-31T12:00:15.000Z',
      last_used: null,
      last_used_address: null,
      permissions: ['read', 'stage', 'publish', 'yank'],
      packages: ['@acme/tool', '@beta/*'],
    });
    const listed = (await list(alice)).objects[0];
    expect(listed).toEqual({ ...made.body, token: token.slice(0, 8) });
    expect(JSON.stringify(await list(alice))).not.toContain(token);
    expect(registry.bytesAtRest()).not.toContain(token);
  });

  test.each([
    ['read-only', ['read']],
    ['read-write-stage-only', ['read', 'stage']],
    ['read-write', ['read', 'stage', 'publish', 'yank']],
  ])('with npm’s permission %s gives %j', async (permission, scopes) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const asked = { packages_all: true, packages_and_scopes_permission: permission };
    expect((await alice.post(path, npmRequest(asked))).body.permissions).toEqual(scopes);
  });

  test('understands the names of npm’s API documentation', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const asked = {
      token_description: 'nightly',
      packages: ['*'],
      packages_and_scopes_permission: 'read-only',
      cidr: ['192.0.2.0/24'],
    };
    expect((await alice.post(path, npmRequest(asked))).body).toMatchObject({
      description: 'nightly',
      packages: null,
      cidr_whitelist: ['192.0.2.0/24'],
      readonly: true,
    });
  });

  test.each([
    [true, ['read']],
    [false, ['read', 'stage', 'publish', 'yank']],
    [undefined, ['read']],
  ])('in the shape of before, readonly: %s, gives %j', async (readonly, scopes) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const made = await alice.post(path, { password: goodPassword, readonly, cidr_whitelist: [] });
    expect(made.body).toMatchObject({ permissions: scopes, packages: null, cidr_whitelist: null });
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'admin'])(
    'with the permission %s, which there is not, is refused',
    async (permission) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      const asked = { packages_all: true, packages_and_scopes_permission: permission };
      const answer = await alice.post(path, npmRequest(asked));
      expect([answer.status, answer.code]).toEqual([400, 'bad_request']);
    },
  );

  test.each([
    ['bypass_2fa', { ...granular, bypass_2fa: true }],
    ['an organisation', { ...granular, orgs: ['acme'] }],
    ['a permission in organisations', { ...granular, orgs_permission: 'read-only' }],
    ['a member nobody knows', { ...granular, allowed_hours: '9-17' }],
    ['automation', { readonly: false, automation: true }],
  ])('with %s, which is not enforced, is refused and makes none', async (_what, asked) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const answer = await alice.post(path, npmRequest(asked));
    expect([answer.status, answer.code]).toEqual([400, 'unsupported']);
    expect((await list(alice)).total).toBe(1);
  });

  test.each([
    ['no packages', { packages_and_scopes_permission: 'read-write' }],
    ['no access', { packages_all: true, packages_and_scopes_permission: 'no-access' }],
    ['all packages and some', { ...granular, packages: ['tool'] }],
    ['a name that is none', { packages: ['../x'], packages_and_scopes_permission: 'read-only' }],
    ['a scope that is none', { scopes: ['@a/b'], packages_and_scopes_permission: 'read-only' }],
    ['everything by another name', { packages: ['*/*'], packages_and_scopes_permission: 'read-only' }],
    ['an address of no network', { ...granular, cidr_whitelist: ['300.0.0.1/8'] }],
    ['a network too narrow', { ...granular, cidr_whitelist: ['10.0.0.0/33'] }],
    ['a network of no length', { ...granular, cidr_whitelist: ['10.0.0.0/'] }],
    ['a network with a zone', { ...granular, cidr_whitelist: ['fe80::1%eth0/64'] }],
    ['two names for networks', { ...granular, cidr_whitelist: ['10.0.0.0/8'], cidr: ['0.0.0.0/0'] }],
    ['too many networks', { ...granular, cidr: Array.from({ length: 51 }, (_, i) => `10.0.0.${i}`) }],
    ['an expiry of text', { ...granular, expires: '30' }],
    ['an expiry too late', { ...granular, expires: 91 }],
    ['no name', { ...granular, name: ' ' }],
    ['a name of two lines', { ...granular, name: 'a\nb' }],
    ['a name that moves the cursor', { ...granular, name: 'a\u001b[2Jb' }],
    ['a long name', { ...granular, name: 'x'.repeat(101) }],
    ['packages that are no list', { packages: 'tool', packages_and_scopes_permission: 'read-only' }],
    ['readonly of text', { readonly: 'false' }],
  ])('with %s is a bad request', async (_what, asked) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const answer = await alice.post(path, npmRequest(asked));
    expect([answer.status, answer.code]).toEqual([400, 'bad_request']);
    expect((await list(alice)).total).toBe(1);
  });

  test.each([
    ['no scope', { scopes: [] }],
    ['a scope there is not', { scopes: ['read', 'everything'] }],
    ['an empty list of packages', { scopes: ['read'], packages: [] }],
    ['an empty list of networks', { scopes: ['read'], networks: [] }],
  ])('in pub’s form with %s is a bad request', async (_what, asked) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await createToken(alice, asked)).code).toBe('bad_request');
  });

  test('takes the password, and counts wrong ones with those of the login', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await alice.post(path, { ...granular, name: 'ci' })).code).toBe('bad_request');
    for (let i = 0; i < 10; i++) {
      const answer = await alice.post(path, npmRequest({ ...granular, password: 'wrong' }));
      expect(answer.code).toBe('login_refused');
    }
    expect((await alice.post(path, npmRequest(granular))).code).toBe('throttled');
    expect((await registry.logIn('alice')).code).toBe('throttled');
    expect((await list(alice)).total).toBe(1);
  });

  test('takes a code of an account with a factor, each code once', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const without = await alice.post(path, npmRequest(granular));
    expect([without.code, without.headers['www-authenticate']]).toEqual(['otp_required', 'otp']);
    const otp = app.code();
    expect((await alice.post(path, npmRequest(granular), { otp })).status).toBe(201);
    expect((await alice.post(path, npmRequest(granular), { otp })).code).toBe('otp_refused');
    expect((await registry.auditEvents()).filter((event) => event.startsWith('token:created'))).toHaveLength(
      1,
    );
  });

  test('can be approved in a browser, for exactly these settings and no wider ones', async () => {
    const registry = await createTestRegistry();
    const [alice] = await registry.signUpWithFactor('alice', 'auth-only');
    const narrow = npmRequest({ packages: ['@acme/tool'], packages_and_scopes_permission: 'read-write' });
    const details = {
      name: 'ci',
      scopes: 'read stage publish yank',
      packages: '@acme/tool',
      networks: 'all',
      days: '7',
    };
    const otp = await approved(registry, { action: 'token:create', subject: 'alice', details });
    expect((await alice.post(path, npmRequest(granular), { otp })).code).toBe('otp_refused');
    expect((await alice.post(path, { ...narrow, expires: 90 }, { otp })).code).toBe('otp_refused');
    expect((await alice.post(path, narrow, { otp })).status).toBe(201);
    expect((await alice.post(path, narrow, { otp })).code).toBe('otp_refused');
  });

  test('is refused while the account is held', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const [otp] = app.recoveryCodes;
    const thief = alice.from({ token: (await registry.logIn('alice', { ...(otp && { otp }) })).body.token });
    registry.clock.advance(hour);
    expect((await createToken(thief, { scopes: ['publish'] }, app.code())).code).toBe('account_held');
  });

  test('is mailed to its owner', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const token = await limitedClient(alice, { scopes: ['publish'], name: 'nightly build' });
    const mails = registry.sql("select recipient, content from outbox where template = 'token-created'");
    expect(mails).toHaveLength(1);
    expect(mails[0].recipient).toBe('alice@example.org');
    expect(mails[0].content).toContain('nightly build');
    expect(mails[0].content).not.toContain(token.token);
  });

  test('stops at a hundred tokens that work', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await limitedClient(alice, { scopes: ['read'] });
    const columns = 'account_id, label, created_at, expires_at, scopes';
    const values = `1, 'copy', 1, ${registry.clock.now + hour}, '["read"]'`;
    for (let i = 1; i < 100; i++)
      registry.sql(`insert into tokens (hash, ${columns}) values ('${i}', ${values})`);
    expect((await createToken(alice, { scopes: ['read'] })).code).toBe('conflict');
    registry.clock.advance(hour);
    expect((await createToken(alice, { scopes: ['read'] })).status).toBe(201);
  });
});

describe('listing tokens', () => {
  test('shows one’s own, those that work, page by page', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const mallory = await registry.signUp('mallory');
    for (const name of ['a', 'b', 'c']) await limitedClient(alice, { scopes: ['read'], name });
    await limitedClient(mallory, { scopes: ['read'], name: 'mallory’s' });
    const names: string[] = [];
    let next: string | undefined = `${path}?page=0&perPage=2`;
    while (next !== undefined) {
      const { body } = await alice.get(next);
      expect([body.total, body.objects.length]).toEqual([4, 2]);
      names.push(...body.objects.map((token: { name: string }) => token.name));
      next = body.urls.next;
    }
    expect(names.slice(0, 3)).toEqual(['c', 'b', 'a']);
    expect(names).not.toContain('mallory’s');
    expect((await registry.anonymous.get(path)).status).toBe(401);
  });

  test.each(['?page=-1', '?perPage=x', '?page=1&page=2', '?page=9999999'])('refuses %s', async (query) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await alice.get(path + query)).code).toBe('bad_request');
  });
});

describe('revoking a token', () => {
  test('by its key, the beginning of it, or its text, ends it at once and leaves a row', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    for (const name of ['key', 'prefix', 'text'] as const) {
      const { body } = await createToken(alice, { scopes: ['read'] });
      const which = { key: body.key, prefix: body.key.slice(0, 6), text: body.token }[name];
      expect((await alice.delete(`${path}/token/${which}`)).status).toBe(204);
      expect((await alice.from({ token: body.token }).get('/-/whoami')).status).toBe(401);
      expect((await alice.delete(`${path}/token/${which}`)).code).toBe('not_found');
    }
    const events = await registry.auditEvents();
    expect(events.filter((event) => event === 'token:revoked alice alice')).toHaveLength(3);
    expect(registry.sql('select count(*) as kept from tokens')).toEqual([{ kept: 4 }]);
  });

  test('takes no code: stopping one is always easy', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const { body } = await createToken(alice, { scopes: ['read'] }, app.code());
    expect((await alice.delete(`${path}/token/${body.key}`)).status).toBe(204);
  });

  test.each(['', '0', '01234', '%', '*', 'x'.repeat(600)])(
    'named %j, which is too little, finds none',
    async (which) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      expect((await alice.delete(`${path}/token/${encodeURIComponent(which)}`)).status).toBe(404);
      expect((await alice.get('/-/whoami')).status).toBe(200);
    },
  );

  test('is not told of a token that was never made', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await alice.delete(`${path}/token/${generateToken()}`)).code).toBe('not_found');
  });
});

describe('a report of leaked tokens', () => {
  const report = '/-/pub/v1/leaked-tokens';
  const vectors = join(import.meta.dirname, '..', '..', 'test', 'vectors', 'leak-report');

  test('revokes what is there at once, tells its owner, and tells the reporter nothing', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const token = await limitedClient(alice, { scopes: ['publish'], name: 'ci' });
    const body = (tokens: string[]) => ({ tokens, source: 'https://forge.example/acme/tool/commit/1' });
    const hit = await registry.anonymous.post(report, body([token.token, generateToken(), 'pub_short']));
    const miss = await registry.anonymous.post(report, body([generateToken(), generateToken(), 'pub_short']));
    expect([hit.status, hit.text]).toEqual([200, miss.text]);
    expect((await token.get('/-/whoami')).status).toBe(401);
    expect((await publish(token)).code).toBe('unauthenticated');
    expect((await alice.get('/-/whoami')).status).toBe(200);
    const mails = registry.sql("select recipient, content from outbox where template = 'token-leaked'");
    expect(mails).toEqual([{ recipient: 'alice@example.org', content: expect.stringContaining('"ci"') }]);
    const again = await registry.anonymous.post(report, body([token.token]));
    expect(again.status).toBe(200);
    const events = await registry.auditEvents();
    expect(events.filter((event) => /^token:(created|leak)/.test(event))).toEqual([
      'token:created alice alice',
      'token:leak-reported anonymous alice',
    ]);
    expect(registry.bytesAtRest()).not.toContain(token.token);
  });

  test('ends the token of a login as well', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await registry.anonymous.post(report, { tokens: [alice.token] });
    expect((await alice.get('/-/whoami')).status).toBe(401);
  });

  test('is slowed down by address', async () => {
    const registry = await createTestRegistry();
    const from = (address: string) =>
      registry.anonymous.from({ address }).post(report, { tokens: [generateToken()] });
    for (let i = 0; i < 60; i++) expect((await from('192.0.2.1')).status).toBe(200);
    const slowed = await from('192.0.2.1');
    expect([slowed.code, slowed.headers['retry-after']]).toEqual(['throttled', '60']);
    expect((await from('192.0.2.2')).status).toBe(200);
  });

  test.each(readdirSync(vectors))('%s is answered as its vector says', async (file) => {
    const registry = await createTestRegistry();
    const { request, response } = JSON.parse(readFileSync(join(vectors, file), 'utf8'));
    const answer = await registry.anonymous.post(report, request);
    expect(answer.status).toBe(response.status);
    expect(answer.body).toMatchObject(response.body);
  });
});
