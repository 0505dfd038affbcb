import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { answerInvitation, invitationsPath, mailsOf, makeOwner } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { day } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

const below = '/-/package/@acme%2ftool';

/** Alice has published a package, and bob is there. */
async function withPackage(): Promise<[TestRegistry, Client, Client]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  expect((await publish(alice)).status).toBe(201);
  return [registry, alice, bob];
}

const invite = (client: Client, user: string, role?: string) =>
  client.put(`${below}/owners`, { user, ...(role && { role }) });
const ownersOf = async (client: Client): Promise<string[]> =>
  (await client.get(`${below}/owners`)).body.owners.map((owner: { name: string }) => owner.name);
const waiting = async (client: Client) => (await client.get(invitationsPath)).body.invitations;

describe('an invitation', () => {
  test('gives a role once it is accepted, and waits in the list of who is invited', async () => {
    const [registry, alice, bob] = await withPackage();
    expect((await invite(alice, 'bob', 'maintainer')).body).toEqual({ ok: true, invited: true });
    expect(await ownersOf(alice)).toEqual(['alice']);
    expect(await waiting(bob)).toEqual([
      {
        id: 1,
        ecosystem: 'npm',
        package: '@acme/tool',
        role: 'maintainer',
        invited_by: 'alice',
        expires: new Date(registry.clock.now + 7 * day).toISOString(),
      },
    ]);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
    expect((await answerInvitation(bob)).body).toMatchObject({ package: '@acme/tool', role: 'maintainer' });
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect(await waiting(bob)).toEqual([]);
    expect((await registry.auditEvents()).filter((event) => event.startsWith('owner:'))).toEqual([
      'owner:invited alice npm:@acme/tool',
      'owner:added bob npm:@acme/tool',
    ]);
  });

  test('is mailed to who is invited and to every owner, and so is what came of it', async () => {
    const [registry, alice, bob] = await withPackage();
    await registry.signUp('carol').then((carol) => makeOwner(alice, carol));
    await invite(alice, 'bob');
    expect(mailsOf(registry, 'owner-invited').slice(-1)).toEqual(['bob@example.org']);
    expect(mailsOf(registry, 'owner-invitation-sent').slice(-2)).toEqual([
      'alice@example.org',
      'carol@example.org',
    ]);
    await answerInvitation(bob, 'decline');
    expect(mailsOf(registry, 'owner-invitation-declined')).toEqual([
      'alice@example.org',
      'carol@example.org',
    ]);
    await invite(alice, 'bob');
    await answerInvitation(bob);
    expect(mailsOf(registry, 'owner-added').slice(-3)).toEqual([
      'alice@example.org',
      'bob@example.org',
      'carol@example.org',
    ]);
  });

  test('that is declined gives nothing, and cannot be accepted afterwards', async () => {
    const [registry, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    expect((await answerInvitation(bob, 'decline')).status).toBe(200);
    expect((await bob.post(`${invitationsPath}/1`, { answer: 'accept' })).code).toBe('not_found');
    expect(await ownersOf(alice)).toEqual(['alice']);
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'owner:invitation-declined bob npm:@acme/tool',
      'package:change-refused bob invitation:1 not_found',
    ]);
  });

  test('is good for seven days', async () => {
    const [registry, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    registry.clock.advance(7 * day - 1);
    const again = bob.from({ token: (await registry.logIn('bob')).body.token });
    expect(await waiting(again)).toHaveLength(1);
    registry.clock.advance(1);
    expect(await waiting(again)).toEqual([]);
    expect((await again.post(`${invitationsPath}/1`, { answer: 'accept' })).code).toBe('not_found');
  });

  test('is nobody else’s to see, to accept or to decline', async () => {
    const [registry, alice, bob] = await withPackage();
    const carol = await registry.signUp('carol');
    await invite(alice, 'bob');
    expect(await waiting(carol)).toEqual([]);
    for (const client of [carol, alice]) {
      for (const answer of ['accept', 'decline']) {
        expect((await client.post(`${invitationsPath}/1`, { answer })).code).toBe('not_found');
      }
    }
    expect((await registry.anonymous.post(`${invitationsPath}/1`, { answer: 'accept' })).code).toBe(
      'unauthenticated',
    );
    expect((await answerInvitation(bob)).status).toBe(200);
  });

  test('accepted many times at the same moment, at two servers too, counts once', async () => {
    const [registry, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    const there = bob.from({ app: (await registry.another()).app });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? bob : there).post(`${invitationsPath}/1`, { answer: 'accept' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
    expect((await registry.auditEvents()).filter((event) => event.startsWith('owner:added'))).toHaveLength(1);
  });

  test('is replaced by the next one for the same account', async () => {
    const [, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    await invite(alice, 'bob', 'maintainer');
    expect(await waiting(bob)).toMatchObject([{ id: 2, role: 'maintainer' }]);
    expect((await bob.post(`${invitationsPath}/1`, { answer: 'accept' })).code).toBe('not_found');
  });

  test('is withdrawn by removing who was invited', async () => {
    const [registry, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    expect((await alice.delete(`${below}/owners/bob`)).status).toBe(200);
    expect(await waiting(bob)).toEqual([]);
    expect((await alice.delete(`${below}/owners/bob`)).code).toBe('not_found');
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'owner:invitation-withdrawn alice npm:@acme/tool',
      'package:change-refused alice npm:@acme/tool not_found',
    ]);
  });

  test('by somebody who is no owner any more is void: they leave no door open', async () => {
    const [registry, alice, bob] = await withPackage();
    const carol = await registry.signUp('carol');
    await makeOwner(alice, bob);
    await bob.put(`${below}/owners`, { user: 'carol' });
    await alice.delete(`${below}/owners/bob`);
    expect((await carol.post(`${invitationsPath}/2`, { answer: 'accept' })).code).toBe('not_found');
    expect(await ownersOf(alice)).toEqual(['alice']);
  });

  test('withdrawn while it is being accepted gives nothing', async () => {
    const [registry, alice, bob] = await withPackage();
    await invite(alice, 'bob');
    const [, accepted] = await registry.behindLock(
      () =>
        Promise.all([
          alice.delete(`${below}/owners/bob`),
          bob.post(`${invitationsPath}/1`, { answer: 'accept' }),
        ]),
      async () => {},
    );
    expect(accepted.code).toBe('not_found');
    expect(await ownersOf(alice)).toEqual(['alice']);
  });

  test.each(['0', '-1', '1.5', '99999999999999999', 'x', '1%20'])(
    'of the number %s is not there',
    async (id) => {
      const [, alice, bob] = await withPackage();
      await invite(alice, 'bob');
      expect((await bob.post(`${invitationsPath}/${id}`, { answer: 'accept' })).status).toBe(404);
    },
  );

  test.each([{}, { answer: '' }, { answer: 'yes' }, { answer: true }, []])(
    'is not answered by %j',
    async (body) => {
      const [, alice, bob] = await withPackage();
      await invite(alice, 'bob');
      expect((await bob.post(`${invitationsPath}/1`, body)).code).toBe('bad_request');
      expect(await waiting(bob)).toHaveLength(1);
    },
  );

  test('to nobody is not written', async () => {
    const [registry, alice] = await withPackage();
    expect((await invite(alice, 'nobody-here')).code).toBe('not_found');
    expect(registry.sql('select * from invitations')).toEqual([]);
    expect(mailsOf(registry, 'owner-invitation-sent')).toEqual([]);
  });
});

describe('the second factor of who is invited', () => {
  test('is asked for when they accept, for exactly this, and used up by it', async () => {
    const [registry, alice] = await withPackage();
    const [dora, app] = await registry.signUpWithFactor('dora');
    await invite(alice, 'dora');
    expect((await answerInvitation(dora)).code).toBe('otp_required');
    expect((await answerInvitation(dora, 'accept', app.wrongCode())).code).toBe('otp_refused');
    const otp = app.code();
    expect((await answerInvitation(dora, 'accept', otp)).status).toBe(200);
    expect((await publish(dora, { version: '1.0.1' }, { otp })).code).toBe('otp_refused');
  });

  test('is not asked for to decline, which gives nothing to anybody', async () => {
    const [registry, alice] = await withPackage();
    const [dora] = await registry.signUpWithFactor('dora');
    await invite(alice, 'dora');
    expect((await answerInvitation(dora, 'decline')).status).toBe(200);
  });

  test('has to be there when they are invited and when they accept, where the package requires one', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const bob = await registry.signUp('bob');
    await publish(alice);
    const required = { publish_requires_tfa: true };
    expect((await alice.post(`${below}/access`, required, { otp: app.code() })).status).toBe(200);
    const again = await alice.put(`${below}/owners`, { user: 'bob' }, { otp: app.nextCode() });
    expect(again.code).toBe('owner_without_factor');
    const bobsApp = await registry.enrol(bob);
    await alice.put(`${below}/owners`, { user: 'bob' }, { otp: app.nextCode() });
    const off = { tfa: { mode: 'disable', password: goodPassword } };
    expect((await bob.post(profilePath, off, { otp: bobsApp.nextCode() })).status).toBe(200);
    expect((await answerInvitation(bob)).code).toBe('owner_without_factor');
    const newApp = await registry.enrol(bob);
    expect((await answerInvitation(bob, 'accept', newApp.nextCode())).status).toBe(200);
  });
});

test('npm’s list of owners leaves an invitation that it cannot show alone', async () => {
  const [registry, alice, bob] = await withPackage();
  await registry.signUp('carol');
  await invite(alice, 'bob');
  const { body } = await alice.get('/@acme%2ftool');
  const list = { maintainers: [{ name: 'alice' }, { name: 'carol' }] };
  expect((await alice.put(`/@acme%2ftool/-rev/${body._rev}`, list)).status).toBe(201);
  expect(await waiting(bob)).toHaveLength(1);
});
