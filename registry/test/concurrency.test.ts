import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import type { Act } from '../src/accounts/act.ts';
import { approve, createApproval, findOpenApproval } from '../src/accounts/approvals.ts';
import { collect } from '../src/accounts/collect-approval.ts';
import { createSession, findSession, stepUp } from '../src/accounts/sessions.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, goodPassword, type TestRegistry, userPath } from './support/test-registry.ts';
import { createToken } from './support/tokens.ts';

/**
 * What may be used once is used once, by however many who try at the same moment at two servers on one data
 * folder. Two real processes: `two-servers.test.ts`. A challenge of a passkey: `passkeys.test.ts`. A link in a
 * mail: `password-reset.test.ts`, `mail-address.test.ts`. An invitation: `invitations.test.ts`.
 */
const times = 8;

/** The answers of eight tries at once, every other one at another server. */
async function race<T>(registry: TestRegistry, attempt: (there: TestRegistry, i: number) => Promise<T>) {
  const other = await registry.another();
  return await Promise.all(
    Array.from({ length: times }, (_, i) => attempt(i % 2 === 0 ? registry : other, i)),
  );
}

/** The rest is refused: as used already, or as too many tries. */
const successes = (answers: readonly { readonly status: number }[]) =>
  answers.filter(({ status }) => status < 400).length;

const once = <T>(winner: T, loser: T) => [winner, ...Array<T>(times - 1).fill(loser)].sort();

test('one code does one thing of four: publish, log in, make a token, change an owner', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  await registry.signUp('bob');
  expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
  const otp = app.nextCode();
  const attempts = [
    // Of another version each time: the same bytes again would be a repetition, which takes no code.
    (at: FastifyInstance, i: number) => publish(alice.from({ app: at }), { version: `1.1.${i}` }, { otp }),
    (at: FastifyInstance) => registry.logIn('alice', { otp, from: registry.anonymous.from({ app: at }) }),
    (at: FastifyInstance) => createToken(alice.from({ app: at }), { scopes: ['read'] }, otp),
    (at: FastifyInstance) =>
      alice.from({ app: at }).put('/-/package/@acme%2ftool/owners', { user: 'bob' }, { otp }),
  ];
  const answers = await race(registry, async ({ app: at }, i) => await attempts[i % 4]?.(at, i));
  expect(successes(answers.map((answer) => ({ status: answer?.status ?? 500 })))).toBe(1);
});

test('one recovery code logs in once, and holds the account once', async () => {
  const registry = await createTestRegistry();
  const [, app] = await registry.signUpWithFactor('alice');
  const [otp = ''] = app.recoveryCodes;
  const answers = await race(registry, ({ anonymous }) =>
    anonymous.put(userPath('alice'), { name: 'alice', password: goodPassword }, { otp }),
  );
  expect(successes(answers)).toBe(1);
  const used = (await registry.auditEvents()).filter((event) =>
    event.startsWith('factor:recovery-code-used'),
  );
  expect(used).toHaveLength(1);
});

/** A request of alice's that she approved, and what polls for its outcome. */
async function approvedRequest({ services }: TestRegistry, kind: 'act' | 'login', act: Act) {
  const program = { agent: 'npm/12', address: '127.0.0.1' };
  const accountId = kind === 'act' ? 1 : undefined;
  const { page, done } = await createApproval(services, { kind, accountId, act, program });
  const open = await findOpenApproval(services.database.read, page, services.clock());
  if (open === undefined) throw new Error('nothing to approve');
  const by = { accountId: 1, factor: 'passkey' };
  await services.database.write((transaction) => approve(transaction, open, by, services.clock()));
  return done;
}

const tokenDetails = { name: 'ci', scopes: 'read', packages: 'all', networks: 'all', days: '7' };
const tokenAct = { action: 'token:create', subject: 'alice', details: tokenDetails };

test.each([
  ['act', tokenAct],
  ['login', { action: 'login', subject: '', details: {} }],
] as const)('one approval of a %s is fetched once', async (kind, act) => {
  const registry = await createTestRegistry();
  await registry.signUpWithFactor('alice');
  const done = await approvedRequest(registry, kind, act);
  const states = await race(registry, async ({ services }) => (await collect(services, done)).state);
  expect(states.sort()).toEqual(once('granted', 'gone').sort());
});

test('one proof from a browser does what was approved once', async () => {
  const registry = await createTestRegistry();
  const [alice] = await registry.signUpWithFactor('alice');
  const done = await approvedRequest(registry, 'act', tokenAct);
  const collected = await collect(registry.services, done);
  const otp = collected.state === 'granted' ? collected.secret : '';
  const answers = await race(registry, ({ app }) =>
    createToken(alice.from({ app }), { scopes: ['read'] }, otp),
  );
  expect(successes(answers)).toBe(1);
  expect(registry.sql('select count(*) as made from tokens where scopes is not null')).toEqual([{ made: 1 }]);
});

test('one request is approved or denied, and by one person', async () => {
  const registry = await createTestRegistry();
  for (const name of ['alice', 'bob']) await registry.signUp(name);
  const { services } = registry;
  const program = { agent: 'npm/12', address: '127.0.0.1' };
  const act = { action: 'login', subject: '', details: {} };
  const { page } = await createApproval(services, { kind: 'login', accountId: undefined, act, program });
  const open = await findOpenApproval(services.database.read, page, services.clock());
  if (open === undefined) throw new Error('nothing to approve');
  const decided = await race(registry, async (there, i) =>
    there.services.database.write((transaction) =>
      approve(transaction, open, { accountId: (i % 2) + 1, factor: 'passkey' }, services.clock()),
    ),
  );
  expect(decided.filter(Boolean)).toHaveLength(1);
});

test('one cookie is exchanged for one other: of eight step-ups at once one has the session', async () => {
  const registry = await createTestRegistry();
  await registry.signUp('alice');
  const { database, clock } = registry.services;
  const program = { agent: 'a browser', address: '127.0.0.1' };
  const now = clock();
  const secret = await database.write((transaction) =>
    createSession(transaction, {
      accountId: 1,
      state: 'full',
      factor: undefined,
      provedWith: undefined,
      program,
      now,
    }),
  );
  const cookies = await race(registry, ({ services }) =>
    services.database.write((transaction) => stepUp(transaction, { secret, provedWith: 'password', now })),
  );
  const [cookie, ...more] = cookies.filter((value) => value !== undefined);
  expect(more).toEqual([]);
  expect(await findSession(database.read, secret, now)).toBeUndefined();
  expect((await findSession(database.read, cookie ?? '', now))?.provedWith).toBe('password');
});

test('one leaked token is revoked, logged and mailed once, however many report it', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const answers = await race(registry, ({ anonymous }) =>
    anonymous.post('/-/pub/v1/leaked-tokens', { tokens: [alice.token] }),
  );
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const reported = (await registry.auditEvents()).filter((event) => event.startsWith('token:leak-reported'));
  expect(reported).toHaveLength(1);
  expect(registry.sql("select id from outbox where template = 'token-leaked'")).toHaveLength(1);
});

test('one token is revoked once', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const { body } = await createToken(alice, { scopes: ['read'] });
  const answers = await race(registry, ({ app }) =>
    alice.from({ app }).delete(`/-/npm/v1/tokens/token/${body.key}`),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual(once(204, 404));
});
