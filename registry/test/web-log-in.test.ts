import { describe, expect, test } from 'vitest';
import { type Browser, browserAt } from './support/browser-client.ts';
import { day, hour, minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

const session = 'pub-session';

async function logIn(browser: Browser, name: string, password = goodPassword) {
  return await browser.submit(await browser.open('/-/web/log-in'), { name, password });
}

async function loggedIn(registry: TestRegistry, name: string): Promise<Browser> {
  const browser = browserAt(registry.app);
  expect((await logIn(browser, name)).path).toBe('/-/web/account');
  return browser;
}

/** Where a visitor ends up who asks for the account page. */
async function placeOf(browser: Browser): Promise<string> {
  return (await browser.open('/-/web/account')).path;
}

describe('signing up and logging in', () => {
  test('a person signs up, is logged in, logs out and logs in again', async () => {
    const registry = await createTestRegistry();
    const browser = browserAt(registry.app);
    const values = { name: 'alice', email: 'alice@example.org', password: goodPassword };
    const account = await browser.submit(await browser.open('/-/web/sign-up'), values);
    expect(account.path).toBe('/-/web/account');
    expect(account.words).toContain('alice');

    const out = await browser.submit(account, {}, 'Log out');
    expect(out.path).toBe('/');
    expect(await placeOf(browser)).toBe('/-/web/log-in');
    expect((await logIn(browser, 'alice')).path).toBe('/-/web/account');
    expect(await registry.auditEvents()).toEqual([
      'account:created alice alice',
      'account:login alice alice',
      'account:logout alice alice',
      'account:login alice alice',
    ]);
  });

  test('a taken name and a short password are refused on the form, which keeps the rest', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const browser = browserAt(registry.app);
    const values = { name: 'alice', email: 'a@example.org', password: goodPassword };
    const taken = await browser.submit(await browser.open('/-/web/sign-up'), values);
    expect(taken.status).toBe(409);
    expect(taken.words).toContain('The account name alice is taken.');
    expect(taken.forms.at(-1)?.fields).toMatchObject({ name: 'alice', email: 'a@example.org', password: '' });
    const short = await browser.submit(taken, { name: 'bob', password: 'short' });
    expect(short.status).toBe(400);
    expect(short.words).toContain('at least 15 characters');
  });

  test('where registration is closed there is no form, and none is taken', async () => {
    const registry = await createTestRegistry({ settings: { registration: 'closed' } });
    const browser = browserAt(registry.app);
    expect((await browser.open('/')).text).not.toContain('/-/web/sign-up');
    expect((await browser.open('/-/web/sign-up')).status).toBe(403);
    const { fields } = (await browser.open('/-/web/log-in')).forms.at(-1) ?? {};
    const values = {
      name: 'alice',
      email: 'a@example.org',
      password: goodPassword,
      csrf: fields?.['csrf'] ?? '',
    };
    expect((await browser.post('/-/web/sign-up', values)).status).toBe(403);
    expect(await registry.auditEvents()).toEqual([]);
  });

  test('a name nobody has is answered as a wrong password is', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const wrong = await logIn(browserAt(registry.app), 'alice', 'a wrong password');
    const unknown = await logIn(browserAt(registry.app), 'nobody', 'a wrong password');
    expect(wrong.status).toBe(403);
    expect(unknown.status).toBe(403);
    const blank = (text: string) => text.replaceAll(/value="[^"]*"/g, '').replaceAll(/alice|nobody/g, 'name');
    expect(blank(unknown.text)).toBe(blank(wrong.text));
    expect(wrong.words).toContain('Incorrect user name or password.');
  });

  test('guesses are counted together with those of programs', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    for (let i = 0; i < 5; i++) await registry.logIn('alice', { password: 'wrong' });
    for (let i = 0; i < 5; i++) await logIn(browserAt(registry.app), 'alice', 'wrong');
    const refused = await logIn(browserAt(registry.app), 'alice');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('30');
    expect(browserAt(registry.app).cookies.size).toBe(0);
  });

  test('the second factor is asked for, and its code works once', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const [first, second] = [browserAt(registry.app), browserAt(registry.app)];
    const [one, two] = [await logIn(first, 'alice'), await logIn(second, 'alice')];
    expect(one.path).toBe('/-/web/log-in/factor');
    expect(await placeOf(first)).toBe('/-/web/log-in');

    const wrong = await first.submit(one, { code: authenticator.wrongCode() });
    expect(wrong.status).toBe(403);
    const code = authenticator.nextCode();
    expect((await first.submit(wrong, { code })).path).toBe('/-/web/account');
    const replayed = await second.submit(two, { code });
    expect(replayed.status).toBe(403);
    expect(await placeOf(second)).toBe('/-/web/log-in');
  });

  test('a recovery code logs in and holds the account, and proves nothing further', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const browser = browserAt(registry.app);
    const code = authenticator.recoveryCodes[0] as string;
    const replaced = await browser.submit(await logIn(browser, 'alice'), { code });
    expect(replaced.words).toMatch(/A new recovery code .* (\d{5} ){4}/);
    const account = await browser.open('/-/web/account');
    expect(account.words).toContain('held');
    expect(registry.sql('select factor, proved_at from sessions')).toEqual([
      { factor: 'recovery-code', proved_at: null },
    ]);
    const confirm = await browser.open('/-/web/confirm');
    expect((await browser.submit(confirm, { code: authenticator.recoveryCodes[1] as string })).status).toBe(
      403,
    );
  });

  test('half a login ends after ten minutes', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const browser = browserAt(registry.app);
    const half = await logIn(browser, 'alice');
    registry.clock.advance(10 * minute);
    expect((await browser.submit(half, { code: authenticator.code() })).status).toBe(400);
    expect(await placeOf(browser)).toBe('/-/web/log-in');
  });

  test('of two answers to one half login at once, one gets a session', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const other = await registry.another();
    const browser = browserAt(registry.app);
    const half = await logIn(browser, 'alice');
    const elsewhere = browserAt(other.app);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    const answers = await Promise.all([
      browser.submit(half, { code: authenticator.recoveryCodes[0] as string }),
      elsewhere.submit(half, { code: authenticator.recoveryCodes[1] as string }),
    ]);
    expect(answers.filter(({ words }) => words.includes('A new recovery code'))).toHaveLength(1);
    expect(registry.sql("select id from sessions where state = 'full'")).toHaveLength(1);
    expect(registry.sql('select id from recovery_codes where used_at is not null')).toHaveLength(1);
  });
});

describe('sessions', () => {
  test('the cookie is out of reach for scripts, and bound to this host over https', async () => {
    const plain = await createTestRegistry();
    await plain.signUp('alice');
    const here = await loggedIn(plain, 'alice');
    const line = here.setCookies.find((cookie) => cookie.startsWith(`${session}=`));
    expect(line?.replace(/=[\w-]{43};/, '=…;')).toBe('pub-session=…; Path=/; HttpOnly; SameSite=Lax');

    const secure = await createTestRegistry({ settings: { publicUrl: () => 'https://registry.example' } });
    await secure.signUp('alice');
    const form = await browserAt(secure.app).open('/-/web/log-in');
    const cookie = String([form.headers['set-cookie']].flat().find((text) => String(text).includes('form')));
    expect(cookie.replace(/=[\w-]{43};/, '=…;')).toBe(
      '__Host-pub-form=…; Path=/; HttpOnly; Secure; SameSite=Lax',
    );
  });

  test('what is kept is a hash of 256 random bits', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const browser = await loggedIn(registry, 'alice');
    const secret = browser.cookies.get(session) as string;
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(registry.bytesAtRest()).not.toContain(secret);
  });

  test('a value that was planted before the login is not the session', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    await registry.signUp('mallory');
    const mallory = await loggedIn(registry, 'mallory');
    const planted = mallory.cookies.get(session) as string;
    const victim = browserAt(registry.app);
    victim.cookies.set(session, planted);
    // The log-in page sends whoever is logged in away, so the form is sent to where it leads.
    const csrf = (await victim.open('/-/web/account')).forms.at(-1)?.fields['csrf'] as string;
    await victim.post('/-/web/log-in', { name: 'alice', password: goodPassword, csrf });
    const half = victim.cookies.get(session) as string;
    const page = await victim.open('/-/web/log-in/factor');
    await victim.submit(page, { code: authenticator.code() });
    const full = victim.cookies.get(session) as string;
    expect(new Set([planted, half, full]).size).toBe(3);
    for (const stale of [planted, half]) {
      const attacker = browserAt(registry.app);
      attacker.cookies.set(session, stale);
      expect(await placeOf(attacker)).toBe('/-/web/log-in');
    }
    expect(await placeOf(victim)).toBe('/-/web/account');
  });

  test('it ends after an hour without a request, and after a day with them', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const [idle, busy] = [await loggedIn(registry, 'alice'), await loggedIn(registry, 'alice')];
    for (let quarter = 0; quarter < 95; quarter++) {
      registry.clock.advance(15 * minute);
      expect(await placeOf(busy)).toBe('/-/web/account');
      if (quarter === 3) expect(await placeOf(idle)).toBe('/-/web/log-in');
    }
    registry.clock.advance(15 * minute);
    expect(await placeOf(busy)).toBe('/-/web/log-in');
    expect(24 * hour).toBe(day);
  });

  test('one that ran out is forgotten at the next login', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    await loggedIn(registry, 'alice');
    registry.clock.advance(day);
    await loggedIn(registry, 'alice');
    expect(registry.sql('select created_at from sessions')).toEqual([{ created_at: registry.clock.now }]);
  });

  test('logging out ends it for the server', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const browser = await loggedIn(registry, 'alice');
    const thief = browser.copy();
    await browser.submit(await browser.open('/-/web/account'), {}, 'Log out');
    expect(browser.cookies.has(session)).toBe(false);
    expect(await placeOf(thief)).toBe('/-/web/log-in');
  });
});

describe('confirming that it is you', () => {
  test('a factor makes the proof fresh and changes the cookie', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const browser = browserAt(registry.app);
    await browser.submit(await logIn(browser, 'alice'), { code: authenticator.code() });
    const before = browser.cookies.get(session) as string;
    registry.clock.advance(20 * minute);
    const page = await browser.open('/-/web/confirm?return=/-/web/security/tokens');
    const answer = await browser.post('/-/web/confirm', {
      ...page.forms.at(-1)?.fields,
      code: authenticator.code(),
    });
    expect(answer.headers['location']).toBe('/-/web/security/tokens');
    const stale = browserAt(registry.app);
    stale.cookies.set(session, before);
    expect(await placeOf(stale)).toBe('/-/web/log-in');
    expect(registry.sql('select proved_at, proved_with from sessions')).toEqual([
      { proved_at: registry.clock.now, proved_with: 'totp' },
    ]);
    expect(await registry.auditEvents()).toContain('session:confirmed alice alice');
  });

  test('the password will do only for an account without a factor', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    await registry.signUp('bob');
    const alice = browserAt(registry.app);
    await alice.submit(await logIn(alice, 'alice'), { code: authenticator.code() });
    const form = (await alice.open('/-/web/confirm')).forms.at(-1)?.fields;
    expect(form).not.toHaveProperty('password');
    const refused = await alice.post('/-/web/confirm', { ...form, password: goodPassword });
    expect(refused.status).toBe(403);
    expect(await registry.auditEvents()).toContain('session:confirm-refused alice alice otp_required');

    const bob = await loggedIn(registry, 'bob');
    const page = await bob.open('/-/web/confirm');
    expect((await bob.submit(page, { password: 'a wrong password' })).status).toBe(403);
    expect((await bob.submit(await bob.open('/-/web/confirm'), { password: goodPassword })).path).toBe(
      '/-/web/account',
    );
  });

  test('a password that was given before there was a factor proves nothing afterwards', async () => {
    const registry = await createTestRegistry();
    const bob = await registry.signUp('bob');
    const browser = await loggedIn(registry, 'bob');
    await registry.enrol(bob);
    const csrf = (await browser.open('/')).forms.at(-1)?.fields['csrf'] as string;
    const answer = await browser.post(
      '/-/web/security/recovery-codes',
      { csrf },
      { referer: '/-/web/security' },
    );
    expect(answer.headers['location']).toBe(
      `/-/web/confirm?${new URLSearchParams({ return: '/-/web/security' })}`,
    );
  });

  test('a form that was sent too late leads to the confirmation and back, and is not sent again', async () => {
    const registry = await createTestRegistry();
    const [, authenticator] = await registry.signUpWithFactor('alice');
    const browser = browserAt(registry.app);
    await browser.submit(await logIn(browser, 'alice'), { code: authenticator.code() });
    const csrf = (await browser.open('/')).forms.at(-1)?.fields['csrf'] as string;
    registry.clock.advance(11 * minute);
    const before = await registry.auditEvents();
    const referer = '/-/web/security/recovery-codes';
    const sent = await browser.post(referer, { csrf }, { referer });
    const confirm = await browser.open(String(sent.headers['location']));
    expect(confirm.words).toContain('Confirm that it is you');
    const back = await browser.submit(confirm, { code: authenticator.code() });
    expect(back.path).toBe(referer);
    expect((await registry.auditEvents()).slice(before.length)).toEqual([
      'account:change-refused alice alice proof_required',
      'session:confirmed alice alice',
    ]);
  });
});
