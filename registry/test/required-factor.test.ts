import { describe, expect, test } from 'vitest';
import { resetFactorByOperator } from '../src/accounts/second-factor/removal.ts';
import { type Authenticator, step } from './support/authenticator.ts';
import type { Answer, Client } from './support/client.ts';
import { makeOwner } from './support/people.ts';
import { manifestOf, publish } from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

const tool = '/-/package/@acme%2ftool';
const json = { 'content-type': 'application/json' };

const requireFactor = (client: Client, otp?: string, required = true) =>
  client.post(`${tool}/access`, { publish_requires_tfa: required }, { otp });

/** Alice has published a package and requires a second factor for it. */
async function withRequirement(
  mode: 'auth-only' | 'auth-and-writes' = 'auth-only',
): Promise<[TestRegistry, Client, Authenticator]> {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice', mode);
  expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
  expect((await requireFactor(alice, app.nextCode())).body).toEqual({
    access: 'public',
    publish_requires_tfa: true,
  });
  registry.clock.advance(step);
  return [registry, alice, app];
}

type Act = (client: Client, otp?: string) => Promise<Answer>;

const setOwners = async (client: Client, owners: string[], otp?: string) => {
  const { body } = await client.get('/@acme%2ftool');
  const document = { _id: body._id, _rev: body._rev, maintainers: owners.map((name) => ({ name })) };
  return await client.put(`/@acme%2ftool/-rev/${body._rev}`, document, { otp });
};

/** What users of a package get. In an order in which each can be done. */
const writes: Record<string, Act> = {
  'npm publish': (client, otp) => publish(client, { version: '1.0.1' }, { otp }),
  'pub upload': (client, otp) => publish(client, { version: '1.0.2' }, { otp, via: 'pub' }),
  deprecate: (client, otp) =>
    client.put(
      '/@acme%2ftool',
      { name: '@acme/tool', versions: { '1.0.0': { ...manifestOf(), deprecated: 'old' } } },
      { otp },
    ),
  'set a tag': (client, otp) => client.put(`${tool}/dist-tags/next`, '"1.0.0"', { otp, headers: json }),
  'set a tag by POST': (client, otp) =>
    client.post(`${tool}/dist-tags/beta`, '"1.0.0"', { otp, headers: json }),
  'remove a tag': (client, otp) => client.delete(`${tool}/dist-tags/next`, { otp }),
};

/** Who may do what. */
const governance: Record<string, Act> = {
  'npm owner add': (client, otp) => setOwners(client, ['alice', 'bob'], otp),
  'npm owner rm': (client, otp) => setOwners(client, ['alice'], otp),
  'pnpm owner add': (client, otp) => client.put(`${tool}/owners`, { user: 'bob' }, { otp }),
  'pnpm owner rm': (client, otp) => client.delete(`${tool}/owners/bob`, { otp }),
  'restrict access': (client, otp) => client.post(`${tool}/access`, { access: 'restricted' }, { otp }),
  'change the e-mail address': (client, otp) =>
    client.post(profilePath, { email: 'new@example.org' }, { otp }),
  'change the password': (client, otp) =>
    client.post(profilePath, { password: { old: client.password, new: goodPassword } }, { otp }),
};

const free: Record<string, Act> = {
  'change the name shown': (client, otp) => client.post(profilePath, { fullname: 'Alice' }, { otp }),
  'log out': (client, otp) => client.post('/-/pub/v1/logout', null, { otp }),
};

const acts = { ...writes, ...governance, ...free };

/** For each act whether it is refused without a code, having made sure that it is done with one. */
async function whatNeedsACode(
  client: Client,
  app: Authenticator | undefined,
): Promise<Record<string, boolean>> {
  const needs: Record<string, boolean> = {};
  for (const [name, act] of Object.entries(acts)) {
    const without = await act(client);
    needs[name] = without.status === 401;
    if (needs[name]) {
      expect([name, without.code, without.headers['www-authenticate']]).toEqual([
        name,
        'otp_required',
        'otp',
      ]);
      const refused = await act(client, app?.wrongCode());
      expect([name, refused.code]).toEqual([name, 'otp_refused']);
      const done = await act(client, app?.nextCode());
      expect([name, done.status < 300, done.code]).toEqual([name, true, undefined]);
    } else expect([name, without.status < 300, without.code]).toEqual([name, true, undefined]);
  }
  return needs;
}

const all = (names: Record<string, Act>, needed: boolean) =>
  Object.fromEntries(Object.keys(names).map((name) => [name, needed]));

describe('what takes a code', () => {
  test('nothing, for an account without a factor', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await registry.signUp('bob');
    await publish(alice);
    expect(await whatNeedsACode(alice, undefined)).toEqual(all(acts, false));
  });

  test('who may do what, for an account in the mode auth-only', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    await registry.signUp('bob');
    await publish(alice);
    expect(await whatNeedsACode(alice, app)).toEqual({
      ...all(writes, false),
      ...all(governance, true),
      ...all(free, false),
    });
  });

  test('everything that changes a package or the account, in the mode auth-and-writes', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-and-writes');
    await registry.signUp('bob');
    await publish(alice, {}, { otp: app.code() });
    expect(await whatNeedsACode(alice, app)).toEqual({
      ...all(writes, true),
      ...all(governance, true),
      ...all(free, false),
    });
  });

  test('everything as well, where the package requires it of an account in the mode auth-only', async () => {
    const [registry, alice, app] = await withRequirement('auth-only');
    await registry.signUpWithFactor('bob');
    expect(await whatNeedsACode(alice, app)).toEqual({
      ...all(writes, true),
      ...all(governance, true),
      ...all(free, false),
    });
  });
});

describe('a package that requires a second factor', () => {
  test('refuses a stolen token alone, whatever it is used for, changes nothing, and logs each try', async () => {
    const [registry, alice] = await withRequirement();
    await registry.signUpWithFactor('bob');
    const before = (await registry.anonymous.get('/@acme%2ftool')).text;
    const events = (await registry.auditEvents()).length;
    for (const [name, act] of Object.entries({ ...writes, ...governance })) {
      if (name === 'npm owner rm') continue; // it would change nothing: alice is the only owner
      const answer = await act(alice);
      expect([name, answer.code]).toEqual([name, 'otp_required']);
    }
    expect((await requireFactor(alice, undefined, false)).code).toBe('otp_required');
    expect((await registry.anonymous.get('/@acme%2ftool')).text).toBe(before);
    const refusals = (await registry.auditEvents()).slice(events);
    expect(refusals).toHaveLength(13);
    for (const event of refusals) expect(event).toMatch(/-refused alice|:refused alice/);
    for (const event of refusals) expect(event).toMatch(/otp_required$/);
  });

  test('takes no owner without a factor, in either form', async () => {
    const [registry, alice, app] = await withRequirement();
    await registry.signUp('bob');
    const otp = app.code();
    const answers = [
      await alice.put(`${tool}/owners`, { user: 'bob' }, { otp }),
      await setOwners(alice, ['alice', 'bob'], otp),
    ];
    expect(answers.map(({ code }) => code)).toEqual(['owner_without_factor', 'owner_without_factor']);
    expect((await alice.get(`${tool}/collaborators`)).body).toEqual({ alice: 'write' });
    expect((await publish(alice, { version: '1.0.1' }, { otp })).status).toBe(201);
  });

  test('is not made of one that has an owner without a factor', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const bob = await registry.signUp('bob');
    await publish(alice);
    await makeOwner(alice, bob, { otp: app.code() });
    const refused = await requireFactor(alice, app.nextCode());
    expect([refused.status, refused.code]).toEqual([403, 'owner_without_factor']);
    expect(refused.body.error).toContain('bob');
    expect((await alice.get(`${tool}/access`)).body.publish_requires_tfa).toBe(false);
  });

  test('is not made by somebody who has no factor', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    expect((await requireFactor(alice)).code).toBe('owner_without_factor');
  });

  test('stays one until an owner turns it off with a code, and that is logged', async () => {
    const [registry, alice, app] = await withRequirement();
    expect((await requireFactor(alice, undefined, false)).code).toBe('otp_required');
    expect((await requireFactor(alice, app.wrongCode(), false)).code).toBe('otp_refused');
    expect((await publish(alice, { version: '1.0.1' })).code).toBe('otp_required');
    expect((await requireFactor(alice, app.code(), false)).status).toBe(200);
    expect((await publish(alice, { version: '1.0.1' })).status).toBe(201);
    const events = await registry.auditEvents();
    expect(events).toContain('package:require-2fa-on alice npm:@acme/tool');
    expect(events).toContain('package:require-2fa-off alice npm:@acme/tool');
  });

  test('takes no token in the place of a person', async () => {
    const [, alice, app] = await withRequirement();
    const body = { publish_requires_tfa: true, automation_token_overrides_tfa: true };
    expect((await alice.post(`${tool}/access`, body, { otp: app.code() })).code).toBe('unsupported');
  });

  test('keeps its owners from removing their factors, and leaves the code usable', async () => {
    const [, alice, app] = await withRequirement();
    const otp = app.code();
    const answer = await alice.post(
      profilePath,
      { tfa: { mode: 'disable', password: goodPassword } },
      { otp },
    );
    expect(answer.code).toBe('owner_without_factor');
    expect((await publish(alice, { version: '1.0.1' }, { otp })).status).toBe(201);
  });

  test('cannot be touched by an owner whose factor the operator removed, until there is another one', async () => {
    const [registry, alice] = await withRequirement();
    const bob = await registry.signUp('bob');
    await resetFactorByOperator(registry.services, 1);
    expect((await alice.get('/-/whoami')).status).toBe(401);
    const again = alice.from({ token: (await registry.logIn('alice')).body.token });
    const answers = [
      await publish(again, { version: '1.0.1' }),
      await publish(again, { version: '1.0.1' }, { via: 'pub' }),
      await publish(again, { version: '1.0.1' }, { otp: '123456' }),
      await requireFactor(again, undefined, false),
      await again.put(`${tool}/owners`, { user: bob.name }),
      await again.post(`${tool}/access`, { access: 'restricted' }),
      await again.put(`${tool}/dist-tags/next`, '"1.0.0"', { headers: json }),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(7).fill('factor_not_enrolled'));
    const app = await registry.enrol(again, 'auth-only');
    expect((await publish(again, { version: '1.0.1' }, { otp: app.code() })).status).toBe(201);
  });

  test('asks a stranger for nothing: being no owner comes first', async () => {
    const [registry] = await withRequirement();
    const bob = await registry.signUp('bob');
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
  });
});

describe.each(['npm', 'pub'] as const)('what changes while an upload of %s is under way', (via) => {
  const release = { version: '1.0.1' };
  const published = async (client: Client) =>
    Object.keys((await client.get('/@acme%2ftool')).body.versions).includes('1.0.1');

  test('a factor that was enrolled counts', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const upload = await beginUpload(alice, release, { via });
    const app = await registry.enrol(alice);
    expect((await upload.finish()).code).toBe('otp_required');
    expect(await published(alice)).toBe(false);
    expect((await publish(alice, release, { via, otp: app.code() })).status).toBe(201);
  });

  test('a requirement that was switched on counts', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    await publish(alice);
    const upload = await beginUpload(alice, release, { via });
    expect((await requireFactor(alice, app.code())).status).toBe(200);
    expect((await upload.finish()).code).toBe('otp_required');
    expect(await published(alice)).toBe(false);
  });

  test('a token that was revoked publishes nothing', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const upload = await beginUpload(alice, release, { via });
    expect((await alice.post('/-/pub/v1/logout')).status).toBe(204);
    expect((await upload.finish()).code).toBe('unauthenticated');
    expect(await published(registry.anonymous)).toBe(false);
  });

  test('an owner who was removed publishes nothing', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    await publish(alice);
    await makeOwner(alice, bob);
    const upload = await beginUpload(bob, release, { via });
    expect((await alice.delete(`${tool}/owners/bob`)).status).toBe(200);
    expect((await upload.finish()).code).toBe('not_owner');
    expect(await published(registry.anonymous)).toBe(false);
  });

  test('a factor that was replaced takes its codes along', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    const upload = await beginUpload(alice, release, { via, otp: app.nextCode() });
    const off = { tfa: { mode: 'disable', password: goodPassword } };
    expect((await alice.post(profilePath, off, { otp: app.code(1) })).status).toBe(200);
    await registry.enrol(alice);
    expect((await upload.finish()).code).toBe('otp_refused');
    expect(await published(alice)).toBe(false);
  });

  test.each([
    [9, 201],
    [11, 401],
  ])('after %i minutes a code that was right at the start is answered with %i', async (minutes, status) => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    const upload = await beginUpload(alice, release, { via, otp: app.nextCode() });
    registry.clock.advance(minutes * minute);
    expect((await upload.finish()).status).toBe(status);
    expect(await published(alice)).toBe(status === 201);
  });

  test('a code that somebody else used meanwhile is refused', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    const otp = app.nextCode();
    const upload = await beginUpload(alice, release, { via, otp });
    expect((await registry.logIn('alice', { otp })).status).toBe(201);
    expect((await upload.finish()).code).toBe('otp_refused');
    expect(await published(alice)).toBe(false);
  });
});

test('a code that is wrong, or was used, is refused before the body of an upload is read, and counted', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const used = app.code();
  expect((await registry.logIn('alice', { otp: used })).status).toBe(201);
  for (const [otp, failures] of [
    [app.wrongCode(), 1],
    [used, 2],
  ] as const) {
    const upload = await beginUpload(alice, {}, { otp });
    expect((await upload.answer).code).toBe('otp_refused');
    expect(registry.sql("select failures from attempts where subject like 'otp:%'")).toEqual([{ failures }]);
    await upload.finish();
  }
});

test('a version that somebody else published is refused before the body of an upload is read', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  await publish(alice);
  await makeOwner(alice, bob);
  const upload = await beginUpload(bob);
  expect((await upload.answer).code).toBe('version_exists');
  await upload.finish();
});
