import { expect, test } from 'vitest';
import { approve, createApproval, findOpenApproval } from '../src/accounts/approvals.ts';
import { beginBrowserLogin } from '../src/accounts/browser-log-in.ts';
import { logIn } from '../src/accounts/log-in.ts';
import { beginRegistration, finishRegistration } from '../src/accounts/passkeys/register.ts';
import { confirmEnrolment } from '../src/accounts/second-factor/enrolment.ts';
import { resetFactorByOperator } from '../src/accounts/second-factor/removal.ts';
import type { Services } from '../src/services.ts';
import { codeOf, seedIn } from './support/authenticator.ts';
import { openSession } from './support/open-session.ts';
import { SoftwareAuthenticator } from './support/software-authenticator.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

/** Who shuts somebody out of an account shuts out what that one has begun as well. */
const newPassword = 'another long password';

/** Between the work on a password or a recovery code and what comes of it, something else happens. */
function overtaken({ services }: TestRegistry, happens: () => Promise<void>): Services {
  const { hash, verify } = services.passwords;
  const before =
    <In extends unknown[], Out>(work: (...given: In) => Promise<Out>) =>
    async (...given: In) => {
      const result = await work(...given);
      await happens();
      return result;
    };
  const passwords = { hash: before(hash), verify: before(verify) };
  return { ...services, passwords };
}

const program = { agent: 'npm/12', address: '127.0.0.1' };
const logins: Readonly<Record<string, (services: Services) => Promise<string>>> = {
  'a program': (services) =>
    logIn(services, {
      ...{ name: 'alice', password: goodPassword, address: '127.0.0.1' },
      ...{ code: undefined, receivedAt: services.clock(), label: 'npm' },
    }),
  'a browser': (services) => beginBrowserLogin(services, { name: 'alice', password: goodPassword, program }),
};

test.each(Object.keys(logins))(
  '%s does not log in with a password that was changed meanwhile',
  async (who) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const change = async () => {
      const answer = await alice.post(profilePath, { password: { old: goodPassword, new: newPassword } });
      expect(answer.status, answer.text).toBe(200);
    };
    const attempt = logins[who]?.(overtaken(registry, change));
    await expect(attempt).rejects.toMatchObject({ code: 'login_refused' });
    expect(registry.sql('select count(*) as open from sessions')).toEqual([{ open: 0 }]);
    expect(registry.sql('select count(*) as open from tokens where revoked_at is null')).toEqual([
      { open: 1 },
    ]);
  },
);

test('nor does a browser that a second factor is missing of', async () => {
  const registry = await createTestRegistry();
  await registry.signUpWithFactor('alice');
  const hash = await registry.services.passwords.hash(newPassword);
  const change = async () => void registry.sql(`update accounts set password_hash = '${hash}'`);
  const attempt = logins['a browser']?.(overtaken(registry, change));
  await expect(attempt).rejects.toMatchObject({ code: 'login_refused' });
  expect(registry.sql('select count(*) as open from sessions')).toEqual([{ open: 0 }]);
});

test('a login that was approved and not fetched ends with the operator’s reset of the factors', async () => {
  const registry = await createTestRegistry();
  const [alice] = await registry.signUpWithFactor('alice');
  const { services } = registry;
  const act = { action: 'login', subject: '', details: {} };
  const { page, done } = await createApproval(services, {
    kind: 'login',
    accountId: undefined,
    act,
    program,
  });
  const open = await findOpenApproval(services.database.read, page, services.clock());
  if (open === undefined) throw new Error('nothing to approve');
  const by = { accountId: 1, factor: 'totp' };
  await services.database.write((transaction) => approve(transaction, open, by, services.clock()));
  await resetFactorByOperator(services, 1);
  expect((await alice.get('/-/whoami')).status).toBe(401);
  const fetched = await registry.anonymous.get(`/-/v1/done?authId=${done}`);
  expect([fetched.code, fetched.body.token]).toEqual(['not_found', undefined]);
  expect(registry.sql('select count(*) as open from tokens where revoked_at is null')).toEqual([{ open: 0 }]);
});

test('an enrolment begun before there was a factor does not become one beside the first passkey', async () => {
  const origin = 'https://registry.example';
  const registry = await createTestRegistry({ settings: { publicUrl: () => origin } });
  const alice = await registry.signUp('alice');
  const thief = alice.from({ token: (await registry.logIn('alice')).body.token });
  const begun = await thief.post(profilePath, { tfa: { mode: 'auth-only', password: goodPassword } });
  const seed = seedIn(begun.body.tfa);

  const requester = await openSession(registry, 'alice');
  const options = await beginRegistration(registry.services, requester);
  const response = new SoftwareAuthenticator(origin).create(options, {});
  const added = await finishRegistration(registry.services, requester, { name: 'key', response });

  const confirmed = await thief.post(profilePath, { tfa: [codeOf(seed, registry.clock.now)] });
  expect([confirmed.status, confirmed.code]).toEqual([400, 'bad_request']);
  const [otp = ''] = added.recoveryCodes ?? [];
  expect((await registry.logIn('alice', { otp })).status).toBe(201);
});

test('an enrolment is not confirmed by a login that was ended meanwhile', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const begun = await alice.post(profilePath, { tfa: { mode: 'auth-only', password: goodPassword } });
  const code = codeOf(seedIn(begun.body.tfa), registry.clock.now);
  const requester = await openSession(registry, 'alice');
  const services = overtaken(registry, async () => void registry.sql('update sessions set ended_at = 1'));
  await expect(confirmEnrolment(services, requester, code)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  expect((await registry.logIn('alice')).status).toBe(201);
});
