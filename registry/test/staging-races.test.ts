import { expect, test } from 'vitest';
import { step } from './support/authenticator.ts';
import { makeOwner } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { approveStaged, rejectStaged, stage, staged } from './support/staging.ts';
import { createTestRegistry } from './support/test-registry.ts';

/** What changes between the moment something is asked for and the transaction that does it, by another process. */

const publishedEvents = (events: readonly string[]) =>
  events.filter((event) => event.startsWith('release:published') || event.startsWith('release:rejected'));

test('approved twice at once by two owners at two servers, it is published once', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const [bob, bobs] = await registry.signUpWithFactor('bob');
  const id = await staged(alice);
  await makeOwner(alice, bob, { otp: app.nextCode(), acceptWith: bobs.nextCode() });
  registry.clock.advance(step);
  const other = await registry.another();
  const answers = await registry.behindLock(
    async () =>
      await Promise.all([
        approveStaged(alice, id, app.code()),
        approveStaged(bob.from({ app: other.app }), id, bobs.code()),
      ]),
    async () => {},
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(publishedEvents(await registry.auditEvents())).toHaveLength(1);
  const [loser, code] = answers[0]?.status === 201 ? [bob, bobs.code()] : [alice, app.code()];
  // Nothing was done with it, so the code of whoever came second is still good.
  expect((await publish(loser, { version: '1.0.1' }, { otp: code })).status).toBe(201);
});

test('approved and rejected at once, one of them happens', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const id = await staged(alice);
  const other = await registry.another();
  const answers = await registry.behindLock(
    async () =>
      await Promise.all([
        approveStaged(alice, id, app.code()),
        rejectStaged(alice.from({ app: other.app }), id, app.code(1)),
      ]),
    async () => {},
  );
  expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
  const [{ state }] = registry.sql('select state from releases');
  expect(state).toBe(answers[0]?.status === 201 ? 'published' : 'rejected');
  expect((await registry.anonymous.get('/@acme%2ftool')).status).toBe(state === 'published' ? 200 : 404);
});

test('staged twice at once, it is one release', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const other = await registry.another();
  const answers = await Promise.all([stage(alice), stage(alice.from({ app: other.app })), stage(alice)]);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(new Set(answers.map(({ body }) => body.stageId)).size).toBe(1);
});

/** What somebody does while an approval of alice's waits for the database, as statements of another process. */
const meanwhile = {
  'the token was revoked': ['update tokens set revoked_at = 1', 'unauthenticated'],
  'the account lost its role': ['delete from owners', 'not_found'],
  'the factor was removed': ['delete from totp_factors', 'factor_not_enrolled'],
  'the factor was replaced': ["update totp_factors set id = 'another', last_step = 0", 'otp_refused'],
  'the account was held': ['update accounts set hold_until = 99999999999999', 'account_held'],
  'it was rejected': ["update releases set state = 'rejected'", 'conflict'],
} as const;

test.each(Object.entries(meanwhile))(
  'an approval during which %s publishes nothing',
  async (_, [change, code]) => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const id = await staged(alice);
    // The code is checked in a transaction of its own, so the change comes with the one that publishes.
    registry.sql(`create trigger meanwhile after delete on attempts begin ${change}; end`);
    registry.sql("insert or replace into attempts values ('otp:1', 1, null, 0)");
    const answer = await approveStaged(alice, id, app.code());
    expect(answer.code).toBe(code);
    registry.sql('drop trigger meanwhile');
    expect(registry.sql("select * from releases where state = 'published'")).toEqual([]);
    expect((await registry.anonymous.get('/@acme%2ftool')).status).toBe(404);
  },
);

test('a package that began to require a second factor is staged to as before, and approved with a code', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
  await publish(alice);
  const id = await staged(alice, { version: '1.1.0' });
  await alice.post('/-/package/@acme%2ftool/access', { publish_requires_tfa: true }, { otp: app.nextCode() });
  await staged(alice, { version: '1.2.0' });
  expect((await rejectStaged(alice, id)).code).toBe('otp_required');
  expect((await approveStaged(alice, id, app.nextCode())).status).toBe(201);
});

test('who lost their last factor since cannot stage to a package that requires one', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  await publish(alice, {}, { otp: app.code() });
  await alice.post('/-/package/@acme%2ftool/access', { publish_requires_tfa: true }, { otp: app.nextCode() });
  registry.sql('delete from totp_factors');
  expect((await stage(alice, { version: '1.1.0' })).code).toBe('factor_not_enrolled');
});
