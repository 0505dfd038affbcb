import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { answerInvitation, mailsOf, makeOwner } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { day } from './support/test-clock.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';
const below = '/-/package/@acme%2ftool';
const scopes = '/-/pub/v1/scopes';
const transfers = '/-/pub/v1/transfers';

async function withThree(): Promise<[TestRegistry, Client, Client, Client]> {
  const registry = await createTestRegistry();
  return [
    registry,
    await registry.signUp('alice'),
    await registry.signUp('bob'),
    await registry.signUp('carol'),
  ];
}

const createOrganisation = async (client: Client, name: string): Promise<void> => {
  expect((await client.post('/-/pub/v1/organisations', { name })).status).toBe(201);
};
const holderOf = async (client: Client, scope: string) =>
  (await client.get(`${scopes}/${scope}`)).body.holder;
const namesOf = async (client: Client, url = below): Promise<string[]> =>
  (await client.get(`${url}/owners`)).body.owners.map((owner: { name: string }) => owner.name);

describe('a scope', () => {
  test('that is nobody’s goes to whoever publishes into it first, and that is logged', async () => {
    const [registry, alice, bob] = await withThree();
    expect((await registry.anonymous.get(`${scopes}/@acme`)).code).toBe('not_found');
    expect((await publish(alice)).status).toBe(201);
    expect((await registry.anonymous.get(`${scopes}/acme`)).body).toEqual({
      scope: '@acme',
      holder: { kind: 'account', name: 'alice' },
    });
    expect(await registry.auditEvents()).toContain('scope:claimed alice scope:@acme');
    expect((await publish(bob, { name: '@acme/other' })).code).toBe('not_owner');
    expect((await publish(bob, { name: 'unscoped' })).status).toBe(201);
    expect((await publish(alice, { name: '@acme/other' })).status).toBe(201);
  });

  test('goes to one of two who publish into it at the same time', async () => {
    const [registry, alice, bob] = await withThree();
    const answers = await Promise.all([
      publish(alice, { name: '@free/a' }),
      publish(bob, { name: '@free/b' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403]);
    expect(registry.sql('select * from packages')).toHaveLength(1);
  });

  test('is not taken by a publish that fails', async () => {
    const [registry, alice, bob] = await withThree();
    expect((await publish(alice, {}, { archive: Buffer.from('no archive') })).status).toBe(400);
    expect(registry.sql('select * from scopes')).toEqual([]);
    expect((await publish(bob)).status).toBe(201);
  });

  test('of the name of an account or an organisation is kept for it', async () => {
    const [, alice, bob, carol] = await withThree();
    await createOrganisation(alice, 'works');
    expect((await publish(bob, { name: '@alice/tool' })).code).toBe('not_owner');
    expect((await bob.put(`${scopes}/alice`, {})).code).toBe('not_owner');
    expect((await bob.put(`${scopes}/works`, {})).code).toBe('conflict');
    expect((await publish(bob, { name: '@works/tool' })).code).toBe('not_owner');
    expect((await publish(carol, { name: '@carol/tool' })).status).toBe(201);
    await alice.put('/-/org/works/user', { user: 'bob', role: 'developer' });
    expect((await publish(bob, { name: '@works/tool' })).status).toBe(201);
    expect(await holderOf(bob, '@works')).toEqual({ kind: 'organisation', name: 'works' });
  });

  test('is claimed beforehand for the account, or for an organisation by its owner', async () => {
    const [registry, alice, bob] = await withThree();
    await createOrganisation(alice, 'works');
    await alice.put('/-/org/works/user', { user: 'bob', role: 'developer' });
    const claimed = await alice.put(`${scopes}/@tools`, { organisation: 'works' });
    expect([claimed.status, claimed.body]).toEqual([
      201,
      { scope: '@tools', holder: { kind: 'organisation', name: 'works' } },
    ]);
    expect((await bob.put(`${scopes}/more`, { organisation: 'works' })).code).toBe('not_owner');
    expect((await bob.put(`${scopes}/more`, { organisation: 'nothing' })).code).toBe('not_found');
    expect((await bob.put(`${scopes}/more`, {})).status).toBe(201);
    expect((await alice.put(`${scopes}/more`, {})).code).toBe('conflict');
    expect((await publish(bob, { name: '@tools/a' })).status).toBe(201);
    expect((await registry.anonymous.put(`${scopes}/x`, {})).code).toBe('unauthenticated');
    const refused = (await registry.auditEvents()).filter((event) =>
      event.startsWith('scope:change-refused'),
    );
    expect(refused).toEqual([
      'scope:change-refused bob scope:@more not_owner',
      'scope:change-refused bob scope:@more not_found',
      'scope:change-refused alice scope:@more conflict',
    ]);
  });

  test.each(['@', 'A', 'a%20b', 'a%2fb', `${'a'.repeat(214)}`, '.x', '@@x'])(
    'is not called %s',
    async (name) => {
      const [, alice] = await withThree();
      const answer = await alice.put(`${scopes}/${name}`, {});
      expect(answer.code).toBe('bad_request');
    },
  );

  test('of an account gives the right to make packages, and no role in those of others', async () => {
    const [, alice, bob] = await withThree();
    await publish(alice);
    await makeOwner(alice, bob);
    expect((await bob.delete(`${below}/owners/alice`)).status).toBe(200);
    expect((await publish(alice, { version: '1.0.1' })).code).toBe('not_owner');
    expect((await publish(alice, { name: '@acme/other' })).status).toBe(201);
  });
});

/** ToB-2026 #13: roles survive the transfer of a project. */
describe('a transfer', () => {
  test('of a package takes it from everybody who had a role, but for whom it names', async () => {
    const [registry, alice, bob, carol] = await withThree();
    const dora = await registry.signUp('dora');
    await publish(alice);
    await makeOwner(alice, carol, { role: 'maintainer' });
    await makeOwner(alice, dora);
    const offered = await alice.post(`${below}/transfer`, { to: 'bob', keep: ['carol'] });
    expect([offered.status, offered.body]).toEqual([
      202,
      { package: '@acme/tool', to: 'bob', state: 'offered' },
    ]);
    expect(await namesOf(alice)).toEqual(['alice', 'carol', 'dora']);
    expect((await bob.get(transfers)).body.transfers).toMatchObject([
      { id: 1, package: '@acme/tool', to: 'bob', offered_by: 'alice' },
    ]);
    expect((await bob.post(`${transfers}/1`, { answer: 'accept' })).status).toBe(200);
    expect(await namesOf(bob)).toEqual(['bob', 'carol']);
    for (const client of [alice, dora]) {
      expect((await publish(client, { version: '1.0.1' })).code).toBe('not_owner');
    }
    expect((await publish(carol, { version: '1.0.1' })).status).toBe(201);
    expect((await carol.put(`${below}/owners`, { user: 'alice' })).code).toBe('not_owner');
    expect((await bob.get(tool)).body.maintainers.map((person: { name: string }) => person.name)).toEqual([
      'bob',
      'carol',
    ]);
    expect((await registry.auditEvents()).filter((event) => event.startsWith('transfer:'))).toEqual([
      'transfer:offered alice npm:@acme/tool',
      'transfer:done bob npm:@acme/tool',
    ]);
    expect(mailsOf(registry, 'transferred').sort()).toEqual(
      ['alice', 'bob', 'carol', 'dora'].map((name) => `${name}@example.org`),
    );
  });

  test('of a scope between organisations ends what members of the old one could do, at once', async () => {
    const [, alice, bob, carol] = await withThree();
    await createOrganisation(alice, 'acme');
    await createOrganisation(carol, 'other');
    await alice.put('/-/org/acme/user', { user: 'bob', role: 'owner' });
    await publish(bob);
    await publish(alice, { name: '@acme/secret' }, { access: 'restricted' });
    expect((await alice.post(`${scopes}/acme/transfer`, { to: 'other' })).status).toBe(202);
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect((await carol.post(`${transfers}/1`, { answer: 'accept' })).status).toBe(200);
    for (const client of [alice, bob]) {
      expect((await publish(client, { version: '2.0.0' })).code).toBe('not_owner');
      expect((await publish(client, { name: '@acme/new' })).code).toBe('not_owner');
      expect((await client.put(`${below}/owners`, { user: 'bob' })).code).toBe('not_owner');
      expect((await client.get('/@acme%2fsecret')).status).toBe(404);
      expect((await client.post(`${scopes}/acme/transfer`, { to: 'acme' })).code).toBe('not_owner');
    }
    expect(await namesOf(carol)).toEqual(['carol']);
    expect((await publish(carol, { version: '2.0.0' })).status).toBe(201);
    expect(await holderOf(carol, 'acme')).toEqual({ kind: 'organisation', name: 'other' });
  });

  test('of a scope to an organisation of the same owner is done at once, and named roles end with it', async () => {
    const [registry, alice, bob] = await withThree();
    await publish(alice);
    await makeOwner(alice, bob, { role: 'maintainer' });
    await createOrganisation(alice, 'works');
    const done = await alice.post(`${scopes}/acme/transfer`, { to: 'works' });
    expect([done.status, done.body]).toEqual([200, { scope: '@acme', to: 'works', state: 'done' }]);
    expect(registry.sql('select * from owners')).toEqual([]);
    expect(await namesOf(alice)).toEqual(['alice']);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
    expect((await publish(alice, { version: '1.0.1' })).status).toBe(201);
  });

  test('of a package without a scope to an organisation makes its members maintainers', async () => {
    const [, alice, bob] = await withThree();
    await publish(alice, { name: 'tool' });
    await createOrganisation(alice, 'works');
    await alice.put('/-/org/works/user', { user: 'bob', role: 'developer' });
    expect((await publish(bob, { name: 'tool', version: '1.0.1' })).code).toBe('not_owner');
    expect((await alice.post('/-/package/tool/transfer', { to: 'works' })).status).toBe(200);
    expect((await publish(bob, { name: 'tool', version: '1.0.1' })).status).toBe(201);
    expect(await namesOf(bob, '/-/package/tool')).toEqual(['alice', 'bob']);
    expect((await alice.post('/-/package/tool/transfer', { to: 'bob' })).status).toBe(202);
    expect((await bob.post(`${transfers}/1`, { answer: 'accept' })).status).toBe(200);
    expect((await publish(alice, { name: 'tool', version: '1.0.2' })).code).toBe('not_owner');
  });

  test('of a package whose scope belongs to an organisation is refused: it belongs where its scope does', async () => {
    const [, alice] = await withThree();
    await createOrganisation(alice, 'acme');
    await publish(alice);
    expect((await alice.post(`${below}/transfer`, { to: 'alice' })).code).toBe('conflict');
    expect(await namesOf(alice)).toEqual(['alice']);
  });

  test('is accepted by the receiver and by nobody else, for seven days, once', async () => {
    const [registry, alice, bob, carol] = await withThree();
    await publish(alice);
    await alice.post(`${below}/transfer`, { to: 'bob' });
    for (const client of [alice, carol]) {
      expect((await client.get(transfers)).body.transfers).toEqual([]);
      for (const answer of ['accept', 'decline']) {
        expect((await client.post(`${transfers}/1`, { answer })).code).toBe('not_found');
      }
    }
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => bob.post(`${transfers}/1`, { answer: 'accept' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404]);
    await bob.post(`${below}/transfer`, { to: 'carol' });
    registry.clock.advance(7 * day);
    const later = carol.from({ token: (await registry.logIn('carol')).body.token });
    expect((await later.post(`${transfers}/2`, { answer: 'accept' })).code).toBe('not_found');
  });

  test('that is declined, replaced or offered by somebody who lost the package changes nothing', async () => {
    const [, alice, bob, carol] = await withThree();
    await publish(alice);
    await makeOwner(alice, carol);
    await alice.post(`${below}/transfer`, { to: 'bob' });
    expect((await bob.post(`${transfers}/1`, { answer: 'decline' })).status).toBe(200);
    await alice.post(`${below}/transfer`, { to: 'bob' });
    await alice.post(`${below}/transfer`, { to: 'bob' });
    expect((await bob.post(`${transfers}/2`, { answer: 'accept' })).code).toBe('not_found');
    expect((await carol.delete(`${below}/owners/alice`)).status).toBe(200);
    expect((await bob.post(`${transfers}/3`, { answer: 'accept' })).code).toBe('not_owner');
    expect(await namesOf(carol)).toEqual(['carol']);
  });

  test('ends the invitations that were written before it', async () => {
    const [, alice, bob, carol] = await withThree();
    await publish(alice);
    await alice.put(`${below}/owners`, { user: 'carol' });
    await alice.post(`${below}/transfer`, { to: 'bob' });
    await bob.post(`${transfers}/1`, { answer: 'accept' });
    expect((await answerInvitation(carol)).code).toBe('not_found');
    expect(await namesOf(bob)).toEqual(['bob']);
  });

  test('takes the second factor of the giver and of the receiver, and one where the package requires it', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const bob = await registry.signUp('bob');
    await publish(alice);
    await alice.post(`${below}/access`, { publish_requires_tfa: true }, { otp: app.code() });
    expect((await alice.post(`${below}/transfer`, { to: 'bob' })).code).toBe('otp_required');
    await alice.post(`${below}/transfer`, { to: 'bob' }, { otp: app.nextCode() });
    expect((await bob.post(`${transfers}/1`, { answer: 'accept' })).code).toBe('owner_without_factor');
    const bobsApp = await registry.enrol(bob, 'auth-only');
    expect((await bob.post(`${transfers}/1`, { answer: 'accept' })).code).toBe('otp_required');
    const accepted = await bob.post(`${transfers}/1`, { answer: 'accept' }, { otp: bobsApp.nextCode() });
    expect(accepted.status).toBe(200);
    expect(await namesOf(bob)).toEqual(['bob']);
  });

  test.each([
    [{}, 400],
    [{ to: 7 }, 400],
    [{ to: 'nobody-here' }, 404],
    [{ to: 'bob', keep: 'carol' }, 400],
    [{ to: 'bob', keep: [7] }, 400],
  ])('asked for by %j is answered with %i', async (body, status) => {
    const [, alice] = await withThree();
    await publish(alice);
    expect((await alice.post(`${below}/transfer`, body)).status).toBe(status);
  });
});

test('no row goes along with another: nothing that others refer to can be deleted', async () => {
  const [registry, alice, bob] = await withThree();
  await createOrganisation(alice, 'acme');
  await publish(alice);
  await alice.put(`${below}/owners`, { user: 'bob' });
  await alice.post(`${scopes}/acme/transfer`, { to: 'bob' });
  expect((await bob.get(transfers)).body.transfers).toHaveLength(1);
  const tables = { organisations: '1=1', packages: '1=1', scopes: '1=1', accounts: "name = 'bob'" };
  for (const [table, where] of Object.entries(tables)) {
    expect(() => registry.sql(`pragma foreign_keys = on; delete from ${table} where ${where}`)).toThrow(
      /FOREIGN KEY/,
    );
  }
});
