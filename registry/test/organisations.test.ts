import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { mailsOf, makeOwner } from './support/people.ts';
import { pathOf, publish } from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

const organisations = '/-/pub/v1/organisations';
const members = '/-/org/acme/user';
const tool = '/@acme%2ftool';
const below = '/-/package/@acme%2ftool';

const create = (client: Client, name = 'acme', otp?: string) => client.post(organisations, { name }, { otp });
const setMember = (client: Client, user: string, role = 'developer', otp?: string) =>
  client.put(members, { user, role }, { otp });
const removeMember = (client: Client, user: string, otp?: string) =>
  client.send('DELETE', members, { body: { user }, otp });
const requireFactor = (client: Client, otp?: string, require_2fa = true) =>
  client.post(`${organisations}/acme`, { require_2fa }, { otp });
const namesOf = async (client: Client): Promise<string[]> =>
  (await client.get(`${below}/owners`)).body.owners.map((owner: { name: string }) => owner.name);

/** Alice owns the organisation acme, bob is a member of it, and carol is not. */
async function withOrganisation(): Promise<[TestRegistry, Client, Client, Client]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  const carol = await registry.signUp('carol');
  expect((await create(alice)).status).toBe(201);
  expect((await setMember(alice, 'bob')).status).toBe(201);
  return [registry, alice, bob, carol];
}

describe('an organisation', () => {
  test('is made by any account, which owns it, and takes the scope of its name', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const made = await create(alice);
    expect([made.status, made.body]).toEqual([
      201,
      {
        name: 'acme',
        require_2fa: false,
        scopes: ['@acme'],
        members: [{ name: 'alice', role: 'owner', second_factor: false }],
      },
    ]);
    expect((await alice.get(organisations)).body).toEqual({
      organisations: [{ name: 'acme', role: 'owner', require_2fa: false }],
    });
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'organisation:created alice org:acme',
      'scope:claimed alice scope:@acme',
    ]);
  });

  test.each(['', 'Acme', '-acme', 'a b', 'acme/x', '@acme', 'operator', 'a'.repeat(65), '__proto__'])(
    'is not called %j',
    async (name) => {
      const registry = await createTestRegistry();
      expect((await create(await registry.signUp('alice'), name)).code).toBe('bad_request');
    },
  );

  test('shares one list of names with accounts and scopes', async () => {
    const [registry, alice, , carol] = await withOrganisation();
    expect((await create(carol)).code).toBe('conflict');
    expect((await create(alice, 'carol')).code).toBe('conflict');
    expect(
      (
        await registry.anonymous.put('/-/user/org.couchdb.user:acme', {
          name: 'acme',
          password: goodPassword,
          email: 'a@example.org',
        })
      ).status,
    ).toBeGreaterThanOrEqual(400);
    await publish(carol, { name: '@free/tool' });
    expect((await create(alice, 'free')).code).toBe('conflict');
    expect((await create(carol, 'free')).status).toBe(201);
  });

  test('of one name is made once, whoever asks at the same time', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    const answers = await Promise.all([create(alice), create(bob), create(alice)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  test('is seen by its members only, and the factors of members by its owners only', async () => {
    const [registry, alice, bob, carol] = await withOrganisation();
    expect((await alice.get(`${organisations}/acme`)).body.members).toEqual([
      { name: 'alice', role: 'owner', second_factor: false },
      { name: 'bob', role: 'member', second_factor: false },
    ]);
    expect((await bob.get(`${organisations}/acme`)).body.members).toEqual([
      { name: 'alice', role: 'owner' },
      { name: 'bob', role: 'member' },
    ]);
    expect((await bob.get(members)).body).toEqual({ alice: 'owner', bob: 'developer' });
    for (const url of [members, `${organisations}/acme`]) {
      expect((await carol.get(url)).code).toBe('not_found');
      expect((await registry.anonymous.get(url)).code).toBe('unauthenticated');
    }
  });

  test('answers npm as npm expects it', async () => {
    const [, alice, , carol] = await withOrganisation();
    const set = await setMember(alice, 'carol', 'owner');
    expect([set.status, set.body]).toEqual([
      201,
      { org: { name: 'acme', size: 3 }, user: 'carol', role: 'owner' },
    ]);
    expect((await removeMember(alice, 'carol')).status).toBe(204);
    expect((await carol.get(members)).status).toBe(404);
    expect((await setMember(alice, 'carol', 'admin')).code).toBe('unsupported');
    expect((await setMember(alice, 'carol', 'king')).code).toBe('bad_request');
    expect((await setMember(alice, 'nobody-here')).code).toBe('not_found');
    const teams = [
      await alice.get('/-/org/acme/team?format=cli'),
      await alice.put('/-/org/acme/team', { name: 'dev' }),
      await alice.get('/-/team/acme/dev/user?format=cli'),
      await alice.put('/-/team/acme/dev/package', { package: '@acme/tool', permissions: 'read-write' }),
    ];
    expect(teams.map(({ status, code }) => [status, code])).toEqual(Array(4).fill([400, 'unsupported']));
  });

  test('lists its packages, as far as the reader may see them', async () => {
    const [registry, alice, bob, carol] = await withOrganisation();
    await publish(bob);
    await publish(alice, { name: '@acme/secret' }, { access: 'restricted' });
    await publish(carol, { name: 'unrelated' });
    const list = '/-/org/acme/package';
    expect((await bob.get(list)).body).toEqual({ '@acme/secret': 'write', '@acme/tool': 'write' });
    expect((await carol.get(list)).body).toEqual({ '@acme/tool': 'read' });
    expect((await registry.anonymous.get(list)).body).toEqual({ '@acme/tool': 'read' });
    expect((await alice.get('/-/org/carol/package')).status).toBe(404);
    expect((await alice.get('/-/user/carol/package')).body).toEqual({ unrelated: 'read' });
    expect((await carol.get('/-/user/bob/package')).body).toEqual({ '@acme/tool': 'read' });

    await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
    expect((await bob.get(list)).body).toEqual({ '@acme/secret': 'write', '@acme/tool': 'write' });
    for (const client of [carol, registry.anonymous]) {
      const nobody = (await client.get('/-/org/nobody-at-all/package')).text;
      expect((await client.get(list)).text).toBe(nobody);
    }
    expect((await bob.get('/-/user/bob/package')).body).toMatchObject({ '@acme/tool': 'write' });
    expect((await carol.get('/-/user/bob/package')).body).toEqual({});
  });
});

/** ToB-2026 #8 again: a member is not an owner. */
describe('members and owners', () => {
  test('only owners change members and what is required; a refusal is logged', async () => {
    const [registry, , bob, carol] = await withOrganisation();
    const attempts = (client: Client) => [
      () => setMember(client, 'carol', 'owner'),
      () => setMember(client, 'bob', 'owner'),
      () => removeMember(client, 'alice'),
      () => requireFactor(client, undefined, false),
      () => client.post('/-/pub/v1/scopes/acme/transfer', { to: 'carol' }),
    ];
    for (const [client, code] of [
      [bob, 'not_owner'],
      [carol, 'not_found'],
    ] as const) {
      const codes = [];
      for (const attempt of attempts(client)) codes.push((await attempt()).code);
      // Whose a scope is, everybody may know.
      expect(codes).toEqual([code, code, code, code, 'not_owner']);
    }
    const log = await registry.auditEvents();
    expect(log.filter((event) => event.startsWith('organisation:change-refused'))).toHaveLength(8);
    expect(log.filter((event) => event.startsWith('scope:change-refused'))).toHaveLength(2);
  });

  test('changes take the second factor of the owner, each of them', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    await registry.signUp('bob');
    const acts = [
      (otp?: string) => create(alice, 'acme', otp),
      (otp?: string) => setMember(alice, 'bob', 'developer', otp),
      (otp?: string) => removeMember(alice, 'bob', otp),
      (otp?: string) => requireFactor(alice, otp),
      (otp?: string) => alice.put('/-/pub/v1/scopes/other', { organisation: 'acme' }, { otp }),
      (otp?: string) => alice.post('/-/pub/v1/scopes/other/transfer', { to: 'bob' }, { otp }),
    ];
    for (const act of acts) {
      expect((await act()).code).toBe('otp_required');
      expect((await act(app.wrongCode())).code).toBe('otp_refused');
      expect((await act(app.nextCode())).status).toBeLessThan(300);
    }
  });

  test('every change is logged, and mailed to the owners and to whom it is about', async () => {
    const [registry, alice] = await withOrganisation();
    await setMember(alice, 'bob', 'owner');
    await removeMember(alice, 'bob');
    expect((await registry.auditEvents()).slice(-3)).toEqual([
      'member:added alice org:acme',
      'member:role-changed alice org:acme',
      'member:removed alice org:acme',
    ]);
    expect(mailsOf(registry, 'member-removed')).toEqual(['alice@example.org', 'bob@example.org']);
  });

  test('the last owner stays one; two who leave at the same time leave one behind', async () => {
    const [registry, alice, bob] = await withOrganisation();
    expect((await removeMember(alice, 'alice')).code).toBe('conflict');
    expect((await setMember(alice, 'alice', 'developer')).code).toBe('conflict');
    await setMember(alice, 'bob', 'owner');
    const there = bob.from({ app: (await registry.another()).app });
    const answers = await registry.behindLock(
      () => Promise.all([removeMember(alice, 'alice'), removeMember(there, 'bob')]),
      async () => {},
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(registry.sql('select role from members')).toEqual([{ role: 'owner' }]);
  });
});

describe('what members may do with packages', () => {
  test('follows from being one: nothing of it is written on a package', async () => {
    const [registry, alice, bob, carol] = await withOrganisation();
    expect((await publish(bob)).status).toBe(201);
    expect(registry.sql('select * from owners')).toEqual([]);
    expect((await alice.get(tool)).body.maintainers).toEqual([
      { name: 'alice', email: 'alice@example.org' },
      { name: 'bob', email: 'bob@example.org' },
    ]);
    expect((await alice.get(`${below}/owners`)).body.owners).toEqual([
      { name: 'alice', email: 'alice@example.org', role: 'owner', organisation: 'acme' },
      { name: 'bob', email: 'bob@example.org', role: 'maintainer', organisation: 'acme' },
    ]);
    expect((await bob.put(`${below}/owners`, { user: 'carol' })).code).toBe('not_owner');
    expect((await publish(carol, { version: '1.0.1' })).code).toBe('not_owner');
    await setMember(alice, 'carol');
    expect(await namesOf(registry.anonymous)).toEqual(['alice', 'bob', 'carol']);
    expect((await publish(carol, { version: '1.0.1' })).status).toBe(201);
  });

  test('ends with it at once, on every package, and the index says so', async () => {
    const [registry, alice, bob] = await withOrganisation();
    await publish(bob);
    await publish(bob, { name: '@acme/secret' }, { access: 'restricted' });
    expect((await bob.get('/@acme%2fsecret')).status).toBe(200);
    await removeMember(alice, 'bob');
    for (const name of ['@acme/tool', '@acme/secret']) {
      expect((await publish(bob, { name, version: '1.0.1' })).code).toBe('not_owner');
      const { maintainers } = (await alice.get(pathOf(name))).body;
      expect(maintainers).toEqual([{ name: 'alice', email: 'alice@example.org' }]);
    }
    expect((await bob.get('/@acme%2fsecret')).status).toBe(404);
    expect((await publish(bob, { name: '@acme/new' })).code).toBe('not_owner');
    expect((await registry.anonymous.get(`${below}/collaborators`)).body).toEqual({ alice: 'write' });
  });

  test('a member who leaves has left every package', async () => {
    const [, , bob] = await withOrganisation();
    await publish(bob);
    expect((await removeMember(bob, 'bob')).status).toBe(204);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
  });

  test.each(['npm', 'pub'] as const)(
    'a member removed during an upload over the protocol of %s publishes nothing',
    async (via) => {
      const [registry, alice, bob] = await withOrganisation();
      const old = await beginUpload(bob, { version: '1.0.1' }, { via });
      expect((await publish(alice)).status).toBe(201);
      const fresh = await beginUpload(bob, { name: '@acme/new' }, { via });
      expect((await removeMember(alice, 'bob')).status).toBe(204);
      expect((await old.finish()).code).toBe('not_owner');
      expect((await fresh.finish()).code).toBe('not_owner');
      expect((await registry.anonymous.get('/@acme%2fnew')).status).toBe(404);
      expect(Object.keys((await alice.get(tool)).body.versions)).toEqual(['1.0.0']);
    },
  );

  test('a restricted package is read by members and by nobody else', async () => {
    const [registry, alice, bob, carol] = await withOrganisation();
    await publish(alice, {}, { access: 'restricted' });
    const archive = `${tool}/-/tool-1.0.0.tgz`;
    for (const url of [tool, archive, `${below}/dist-tags`, `${below}/owners`, `${below}/collaborators`]) {
      expect([url, (await bob.get(url)).status]).toEqual([url, 200]);
      expect([url, (await carol.get(url)).status]).toEqual([url, 404]);
      expect([url, (await registry.anonymous.get(url)).status]).toEqual([url, 404]);
    }
  });

  test('a member is not taken off a package, only out of the organisation; who is named there as well stays', async () => {
    const [, alice, bob] = await withOrganisation();
    await publish(alice);
    expect((await alice.delete(`${below}/owners/bob`)).code).toBe('conflict');
    await makeOwner(alice, bob);
    await removeMember(alice, 'bob');
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect((await alice.delete(`${below}/owners/bob`)).status).toBe(200);
    expect((await publish(bob, { version: '1.0.2' })).code).toBe('not_owner');
  });
});

describe('the second factor of members', () => {
  test('is not required while one has none, then of whoever comes, and keeps them from removing theirs', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const [bob, bobsApp] = await registry.signUpWithFactor('bob', 'auth-only');
    await registry.signUp('carol');
    await create(alice, 'acme', app.nextCode());
    await setMember(alice, 'carol', 'developer', app.nextCode());
    const refused = await requireFactor(alice, app.nextCode());
    expect([refused.code, refused.body.error]).toEqual([
      'owner_without_factor',
      expect.stringContaining('carol'),
    ]);
    await removeMember(alice, 'carol', app.nextCode());
    expect((await requireFactor(alice, app.nextCode())).body.require_2fa).toBe(true);
    expect((await setMember(alice, 'carol', 'developer', app.nextCode())).code).toBe('owner_without_factor');
    expect((await setMember(alice, 'bob', 'developer', app.nextCode())).status).toBe(201);
    const off = { tfa: { mode: 'disable', password: goodPassword } };
    expect((await bob.post(profilePath, off, { otp: bobsApp.nextCode() })).code).toBe('owner_without_factor');
    expect((await removeMember(bob, 'bob', bobsApp.nextCode())).status).toBe(204);
    expect((await bob.post(profilePath, off, { otp: bobsApp.nextCode() })).status).toBe(200);
    expect(
      (await registry.auditEvents()).filter((event) => event.startsWith('organisation:require')),
    ).toEqual(['organisation:require-2fa-on alice org:acme']);
    expect(mailsOf(registry, 'organisation-policy-changed')).toEqual(['alice@example.org']);
  });

  test('a member whose factor is gone can change nothing and publish nothing until there is another one', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const [bob] = await registry.signUpWithFactor('bob', 'auth-only');
    await create(alice, 'acme', app.nextCode());
    await setMember(alice, 'bob', 'owner', app.nextCode());
    await requireFactor(alice, app.nextCode());
    await publish(alice);
    registry.sql("delete from totp_factors where account_id = (select id from accounts where name = 'bob')");
    const answers = [
      await publish(bob, { version: '1.0.1' }),
      await publish(bob, { name: '@acme/new' }),
      await bob.put(`${below}/owners`, { user: 'alice' }),
      await removeMember(bob, 'alice'),
      await requireFactor(bob, undefined, false),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(5).fill('factor_not_enrolled'));
    await registry.enrol(bob, 'auth-only');
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
  });

  test('counts where a package of the organisation requires it, too', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const bob = await registry.signUp('bob');
    await create(alice, 'acme', app.nextCode());
    await publish(alice);
    await setMember(alice, 'bob', 'developer', app.nextCode());
    const required = { publish_requires_tfa: true };
    const refused = await alice.post(`${below}/access`, required, { otp: app.nextCode() });
    expect(refused.code).toBe('owner_without_factor');
    await removeMember(alice, 'bob', app.nextCode());
    expect((await alice.post(`${below}/access`, required, { otp: app.nextCode() })).status).toBe(200);
    expect((await setMember(alice, 'bob', 'developer', app.nextCode())).code).toBe('owner_without_factor');
    const bobsApp = await registry.enrol(bob, 'auth-only');
    expect((await setMember(alice, 'bob', 'developer', app.nextCode())).status).toBe(201);
    const off = { tfa: { mode: 'disable', password: goodPassword } };
    expect((await bob.post(profilePath, off, { otp: bobsApp.nextCode() })).code).toBe('owner_without_factor');
  });
});
