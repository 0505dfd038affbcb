import { describe, expect, test } from 'vitest';
import { approvalLifetime } from '../src/accounts/approvals.ts';
import { addressLimit, oneTimePasswordLimit, passwordFromAddressLimit } from '../src/accounts/attempts.ts';
import { holdLifetime } from '../src/accounts/hold.ts';
import { challengeLifetime } from '../src/accounts/passkeys/challenges.ts';
import { generateRecoveryCodes } from '../src/accounts/second-factor/recovery-codes.ts';
import { createSeed } from '../src/accounts/second-factor/totp.ts';
import { freshness } from '../src/accounts/session-proof.ts';
import { createSecret } from '../src/accounts/sessions.ts';
import { generateToken } from '../src/accounts/tokens.ts';
import { publish } from './support/publishing.ts';
import { hour, minute, second } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, profilePath } from './support/test-registry.ts';
import { createToken } from './support/tokens.ts';

/**
 * NIST SP 800-63B-4 and OWASP ASVS 5 by their numbers, where one short test shows a requirement. Where a test of
 * the subject shows it, and what does not apply: `docs/scorecard.md`.
 */
describe('NIST SP 800-63B-4', () => {
  test('§3.1.1.2: a password alone has 15 characters, one beside a factor 8, and 256 are taken', async () => {
    const registry = await createTestRegistry();
    const put = (name: string, password: string) =>
      registry.anonymous.put(`/-/user/org.couchdb.user:${name}`, {
        name,
        password,
        email: `${name}@example.org`,
      });
    expect((await put('short', 'wombat tea pot')).code).toBe('bad_request');
    expect((await put('enough', 'wombat tea pots')).status).toBe(201);
    expect((await put('longest', 'wombat tea pots '.repeat(16))).status).toBe(201);
    const [alice, app] = await registry.signUpWithFactor('alice');
    const change = (password: string, otp: string) =>
      alice.post(profilePath, { password: { old: goodPassword, new: password } }, { otp });
    expect((await change('tea pot', app.code())).code).toBe('bad_request');
    expect((await change('tea pots', app.nextCode())).status).toBe(200);
  });

  test('§3.1.1.2: no character is asked for, none forbidden, and nothing is cut off', async () => {
    const registry = await createTestRegistry();
    for (const [name, password] of [
      ['lower', 'onlylowercaseletterz'],
      ['spaces', '     leading and trailing     '],
      ['unicode', 'пароль из букв и слов'],
    ] as const) {
      expect((await registry.signUp(name, password)).name).toBe(name);
      expect((await registry.logIn(name, { password })).status).toBe(201);
      expect((await registry.logIn(name, { password: password.slice(0, -1) })).status).toBe(401);
    }
  });

  test('§3.1.2, §4.2.1.1: a recovery code has 64 bits or more, and no two are alike', () => {
    const codes = generateRecoveryCodes();
    for (const code of codes) {
      expect(code).toMatch(/^\d+$/);
      expect(code.length * Math.log2(10)).toBeGreaterThanOrEqual(64);
    }
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('§3.1.3.2, ASVS 6.5.5: what is approved elsewhere is over after ten minutes, a challenge after five', () => {
    expect(approvalLifetime).toBeLessThanOrEqual(10 * minute);
    expect(challengeLifetime).toBeLessThanOrEqual(5 * minute);
  });

  test('§3.1.4.2: the key of one-time passwords has 112 bits or more', () => {
    const letters = createSeed().replace(/=+$/, '');
    expect(letters).toMatch(/^[A-Z2-7]+$/);
    expect(letters.length * 5).toBeGreaterThanOrEqual(112);
  });

  test('§3.1.4.2: a one-time password is at most two minutes old', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const otp = app.code();
    registry.clock.advance(2 * minute);
    expect((await publish(alice, {}, { otp })).code).toBe('otp_refused');
  });

  test('§3.2.2: at most 100 failures in a row, with waits of 30 seconds to an hour', () => {
    expect(oneTimePasswordLimit.final).toBeLessThanOrEqual(100);
    for (const limit of [oneTimePasswordLimit, passwordFromAddressLimit, addressLimit]) {
      expect(limit.firstWait).toBeGreaterThanOrEqual(30 * second);
      expect(limit.longestWait).toBeLessThanOrEqual(hour);
    }
    // Only a success resets the count of codes.
    expect(oneTimePasswordLimit.forgetAfter).toBeUndefined();
  });

  test('§3.2.2: a new challenge does not begin the count of failures anew', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    for (let i = 0; i < 5; i++) {
      await publish(alice);
      await publish(alice, {}, { otp: app.wrongCode() });
    }
    expect((await publish(alice, {}, { otp: app.code() })).code).toBe('otp_throttled');
  });
});

describe('OWASP ASVS 5', () => {
  test('6.1.1: who fails cannot lock the owner out elsewhere', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const stranger = registry.anonymous.from({ address: '198.51.100.1' });
    for (let i = 0; i < 30; i++) await registry.logIn('alice', { password: 'wrong', from: stranger });
    expect((await registry.logIn('alice', { from: stranger })).code).toBe('throttled');
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('6.3.4: no way in is weaker than the others: each asks for the factor', async () => {
    const registry = await createTestRegistry();
    const [alice] = await registry.signUpWithFactor('alice');
    const ways = [
      await registry.logIn('alice'),
      await publish(alice),
      await publish(alice, {}, { via: 'pub' }),
      await createToken(alice, { scopes: ['publish'] }),
      await alice.post(profilePath, { email: 'other@example.org' }),
      await alice.post(profilePath, { password: { old: goodPassword, new: 'wombat tea pots' } }),
      await alice.post(profilePath, { tfa: { mode: 'disable', password: goodPassword } }),
      await alice.post(profilePath, { tfa: { mode: 'auth-only', password: goodPassword } }),
    ];
    expect(ways.map(({ code }) => code)).toEqual(Array(ways.length).fill('otp_required'));
  });

  test('6.3.8: an unknown name and a wrong password differ in no word and no header', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const known = await registry.logIn('alice', { password: 'wrong' });
    const unknown = await registry.logIn('nobody', { password: 'wrong' });
    expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    const headers = ({ date: _date, ...rest }: typeof known.headers) => rest;
    expect(headers(unknown.headers)).toEqual(headers(known.headers));
  });

  test('6.3.8: an unknown name costs a password check as well', async () => {
    const registry = await createTestRegistry();
    let checks = 0;
    const { passwords } = registry.services;
    const counting = {
      hash: passwords.hash,
      verify: async (...parts: Parameters<typeof passwords.verify>) => {
        checks += 1;
        return await passwords.verify(...parts);
      },
    };
    Object.assign(registry.services, { passwords: counting });
    await registry.logIn('nobody', { password: 'wrong' });
    expect(checks).toBe(1);
  });

  test('6.5.3, 7.2.3: tokens, sessions and capabilities hold 128 random bits or more', () => {
    expect((generateToken().length - 'pub_'.length - 6) * Math.log2(62)).toBeGreaterThanOrEqual(128);
    expect(Buffer.from(createSecret(), 'base64url').length * 8).toBeGreaterThanOrEqual(128);
    const many = new Set(Array.from({ length: 1_000 }, generateToken));
    expect(many.size).toBe(1_000);
  });

  test('6.5.8: the clock of one-time passwords is the server’s', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const headers = { date: new Date(registry.clock.now + hour).toUTCString(), 'npm-otp': app.code(120) };
    const answer = await alice.post(profilePath, { email: 'other@example.org' }, { headers });
    expect(answer.code).toBe('otp_refused');
  });

  test('7.4.2: an account whose factor the operator removed has no token left', async () => {
    const registry = await createTestRegistry();
    const [alice] = await registry.signUpWithFactor('alice');
    const { resetFactorByOperator } = await import('../src/accounts/second-factor/removal.ts');
    await resetFactorByOperator(registry.services, 1);
    expect((await alice.get('/-/whoami')).status).toBe(401);
  });

  test('7.5.1, 7.5.3: a proof in a browser is fresh for ten minutes, and a recovered account waits three days', () => {
    expect(freshness).toBeLessThanOrEqual(10 * minute);
    expect(holdLifetime).toBe(72 * hour);
  });
});
