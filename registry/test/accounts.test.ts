import { describe, expect, test } from 'vitest';
import { createAccount } from '../src/accounts/accounts.ts';
import type { Client } from './support/client.ts';
import { hour, minute, second } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, userPath } from './support/test-registry.ts';

describe('signing up', () => {
  test('gives an account, a token that works, and an event for each', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await alice.get('/-/whoami')).body).toEqual({ username: 'alice' });
    expect(await registry.auditEvents()).toEqual([
      'account:created alice alice',
      'account:login alice alice',
    ]);
  });

  test('a name that is taken is logged in to, never taken over', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const body = { name: 'alice', password: 'another password altogether', email: 'mallory@example.org' };
    const answer = await registry.anonymous.put(userPath('alice'), body);
    expect([answer.status, answer.code]).toEqual([401, 'login_refused']);
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('of two people who sign up with one name at once, one gets it', async () => {
    const registry = await createTestRegistry();
    const signUp = (password: string) =>
      registry.anonymous.put(userPath('alice'), { name: 'alice', password, email: 'a@example.org' });
    const answers = await Promise.all([
      signUp('the first long password'),
      signUp('the second long password'),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('is refused where registration is closed', async () => {
    const registry = await createTestRegistry({ settings: { registration: 'closed' } });
    const body = { name: 'alice', password: goodPassword, email: 'alice@example.org' };
    const answer = await registry.anonymous.put(userPath('alice'), body);
    expect([answer.status, answer.code]).toEqual([403, 'registration_closed']);
    expect(await registry.auditEvents()).not.toContain('account:created alice alice');
  });

  test('where it is closed tells nobody which names are taken', async () => {
    const registry = await createTestRegistry({ settings: { registration: 'closed' } });
    const by = { kind: 'operator' } as const;
    await createAccount(registry.services, { name: 'alice', password: goodPassword, email: undefined, by });
    const attempt = (name: string) =>
      registry.anonymous.put(userPath(name), {
        name,
        password: 'not the password at all',
        email: 'a@example.org',
      });
    const [taken, free] = [await attempt('alice'), await attempt('nobody')];
    expect([free.status, free.text]).toEqual([taken.status, taken.text]);
  });

  const unacceptable = [
    ['Alice', goodPassword, 'a@example.org'],
    ['-alice', goodPassword, 'a@example.org'],
    ['alice!', goodPassword, 'a@example.org'],
    ['al ice', goodPassword, 'a@example.org'],
    ['root', goodPassword, 'a@example.org'],
    ['operator', goodPassword, 'a@example.org'],
    ['a'.repeat(65), goodPassword, 'a@example.org'],
    ['ａlice', goodPassword, 'a@example.org'],
    ['alice', 'fourteen chars', 'a@example.org'],
    ['alice', 'x'.repeat(257), 'a@example.org'],
    ['alice', goodPassword, 'nobody'],
    ['alice', goodPassword, 'a@b@example.org'],
    ['alice', goodPassword, 'a@example.org\u001b]0;owned\u0007'],
    ['alice', goodPassword, 'a\u009b31m@example.org'],
    ['alice', goodPassword, `${'a'.repeat(250)}@example.org`],
  ] as const;

  test('with a name, a password or an address that is not acceptable is refused', async () => {
    const registry = await createTestRegistry();
    for (const [name, password, email] of unacceptable) {
      const answer = await registry.anonymous.put(userPath(name), { name, password, email });
      expect([name, email, answer.status, answer.code]).toEqual([name, email, 400, 'bad_request']);
    }
    expect(await registry.auditEvents()).toEqual([]);
  });

  test('a password of 15 characters, or of 256, is taken', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice', 'fifteen letters');
    const long = '€uro sign, wide letters: '.repeat(11).slice(0, 256);
    expect([...long]).toHaveLength(256);
    await registry.signUp('bob', long);
    expect((await registry.logIn('bob', { password: long })).status).toBe(201);
  });

  test('many accounts from one address are slowed down, others are not', async () => {
    const registry = await createTestRegistry();
    const statuses = [];
    for (let i = 0; i < 22; i++) {
      const body = { name: `user-${i}`, password: goodPassword, email: 'a@example.org' };
      statuses.push((await registry.anonymous.put(userPath(`user-${i}`), body)).status);
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    const elsewhere = registry.anonymous.from({ address: '192.0.2.7' });
    const body = { name: 'bob', password: goodPassword, email: 'a@example.org' };
    expect((await elsewhere.put(userPath('bob'), body)).status).toBe(201);
  });

  test('the addresses of one IPv6 network count as one, and its neighbours do not', async () => {
    const registry = await createTestRegistry();
    const signUpFrom = async (address: string, i: number) => {
      const body = { name: `user-${i}`, password: goodPassword, email: 'a@example.org' };
      return (await registry.anonymous.from({ address }).put(userPath(`user-${i}`), body)).status;
    };
    for (let i = 1; i <= 20; i++) expect(await signUpFrom(`2001:db8::${i.toString(16)}`, i)).toBe(201);
    expect(await signUpFrom('2001:DB8:0:0:ffff::1', 21)).toBe(429);
    expect(await signUpFrom('2001:db8:0:1::1', 22)).toBe(201);
  });

  test('the name in the URL and in the body must be the same', async () => {
    const registry = await createTestRegistry();
    const body = { name: 'bob', password: goodPassword, email: 'a@example.org' };
    expect((await registry.anonymous.put(userPath('alice'), body)).status).toBe(400);
  });
});

describe('logging in', () => {
  test('a wrong password and an unknown user get the same answer', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const wrong = await registry.logIn('alice', { password: 'not the password at all' });
    const unknown = await registry.logIn('nobody', { password: 'not the password at all' });
    expect(wrong.status).toBe(401);
    expect(wrong.code).toBe('login_refused');
    const seen = ({ status, text, headers }: typeof wrong) => ({
      status,
      text,
      headers: { ...headers, date: '' },
    });
    expect(seen(unknown)).toEqual(seen(wrong));
  });

  test('a wrong password leaves an event, without the password', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    await registry.logIn('alice', { password: 'the wrong horse battery' });
    expect((await registry.auditEvents()).at(-1)).toBe('account:login-refused anonymous alice');
    expect(registry.bytesAtRest()).not.toContain('wrong horse');
  });

  test('after ten wrong passwords from one address the waits grow, and only there', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const fail = async () => await registry.logIn('alice', { password: 'not the password at all' });
    for (let i = 0; i < 10; i++) expect((await fail()).status).toBe(401);
    const waits = [];
    for (let i = 0; i < 3; i++) {
      const blocked = await registry.logIn('alice');
      expect([blocked.status, blocked.code]).toEqual([429, 'throttled']);
      waits.push(Number(blocked.headers['retry-after']));
      registry.clock.advance(Number(blocked.headers['retry-after']) * second);
      expect((await fail()).status).toBe(401);
    }
    expect(waits).toEqual([30, 60, 120]);
    const elsewhere = registry.anonymous.from({ address: '192.0.2.7' });
    expect((await registry.logIn('alice', { from: elsewhere })).status).toBe(201);
  });

  test('the right password does not get past a wait', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    for (let i = 0; i < 10; i++) await registry.logIn('alice', { password: 'not the password at all' });
    expect((await registry.logIn('alice')).status).toBe(429);
    registry.clock.advance(29 * second);
    expect((await registry.logIn('alice')).status).toBe(429);
    registry.clock.advance(2 * second);
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('guesses made at the same time do not slip under the limit together', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const guesses = Array.from({ length: 30 }, () =>
      registry.logIn('alice', { password: 'not the password at all' }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  });

  test('guesses from many addresses are slowed down as well', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const statuses = [];
    for (let i = 0; i < 102; i++) {
      const from = registry.anonymous.from({ address: `192.0.2.${i}` });
      statuses.push((await registry.logIn('alice', { password: 'not the password at all', from })).status);
    }
    expect(statuses.slice(0, 100)).toEqual(Array(100).fill(401));
    expect(statuses.slice(100)).toEqual([429, 429]);
  });

  test('somebody elsewhere cannot lock the person out at home by a name that looks like her place', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    for (let i = 0; i < 12; i++) {
      const mallory = registry.anonymous.from({ address: `192.0.2.${i}` });
      await registry.logIn('alice:127.0.0.1', { from: mallory });
    }
    await registry.logIn('alice', { password: 'a slip of the fingers' });
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('guesses at names that cannot exist share one count, and none is kept for ever', async () => {
    const registry = await createTestRegistry();
    const rows = async () =>
      (await registry.services.database.read.selectFrom('attempts').selectAll().execute()).length;
    await registry.logIn('No Such Name');
    const afterOne = await rows();
    for (let i = 0; i < 5; i++) await registry.logIn(`No Such Name ${i}`);
    expect(await rows()).toBe(afterOne);
    for (let i = 0; i < 5; i++) await registry.logIn(`no-such-name-${i}`);
    registry.clock.advance(25 * hour);
    await registry.logIn('No Such Name');
    expect(await rows()).toBe(afterOne);
  });

  test('a day without failures forgets them', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    for (let i = 0; i < 9; i++) await registry.logIn('alice', { password: 'not the password at all' });
    registry.clock.advance(25 * hour);
    for (let i = 0; i < 9; i++)
      expect((await registry.logIn('alice', { password: 'not the password at all' })).status).toBe(401);
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('the label of a token is bounded and plain', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const body = { name: 'alice', password: goodPassword };
    await registry.anonymous.put(userPath('alice'), body, {
      headers: { 'user-agent': `\u009b${'x'.repeat(500)}` },
    });
    const labels = await registry.services.database.read.selectFrom('tokens').select('label').execute();
    expect(labels.every(({ label }) => /^[\x20-\x7e]{0,100}$/.test(label))).toBe(true);
  });
});

describe('users', () => {
  test('are found by those who are logged in, as npm owner does', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await registry.signUp('bob');
    expect((await alice.get(userPath('bob'))).body).toEqual({
      _id: 'org.couchdb.user:bob',
      name: 'bob',
      email: 'bob@example.org',
    });
    expect((await alice.get(userPath('nobody'))).status).toBe(404);
    expect((await registry.anonymous.get(userPath('bob'))).status).toBe(401);
  });
});

describe('the password', () => {
  const change = (client: Client, old: string, password: string, otp?: string) =>
    client.post('/-/npm/v1/user', { password: { old, new: password } }, { otp });

  test('is changed with the old one, ends the other sessions, and comes back in no answer', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const elsewhere = alice.from({ token: (await registry.logIn('alice')).body.token });
    const answer = await change(alice, goodPassword, 'a wholly new password');
    expect(answer.status).toBe(200);
    expect(answer.text).not.toMatch(/password/);
    expect((await elsewhere.get('/-/whoami')).status).toBe(401);
    expect((await alice.get('/-/whoami')).status).toBe(200);
    expect((await registry.logIn('alice')).status).toBe(401);
    expect((await registry.logIn('alice', { password: 'a wholly new password' })).status).toBe(201);
    expect(await registry.auditEvents()).toContain('account:password-changed alice alice');
  });

  test('is not changed with a wrong old one, and the guesses are counted', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const statuses = [];
    for (let i = 0; i < 11; i++)
      statuses.push((await change(alice, 'not the password at all', 'a wholly new password')).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    registry.clock.advance(minute);
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('takes a code where there is a factor, and may be shorter then', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    expect((await change(alice, goodPassword, 'eight ch')).code).toBe('otp_required');
    expect((await change(alice, goodPassword, 'seven c', app.code())).code).toBe('bad_request');
    expect((await change(alice, goodPassword, 'eight ch', app.code())).status).toBe(200);
  });
});
