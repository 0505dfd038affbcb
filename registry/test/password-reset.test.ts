import { describe, expect, test } from 'vitest';
import { askForReset } from '../src/accounts/reset-password.ts';
import type { Services } from '../src/services.ts';
import { type Browser, browserAt, type Page } from './support/browser-client.ts';
import { linkIn, receiveMail } from './support/mailbox.ts';
import { publish } from './support/publishing.ts';
import { day, hour, minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

const newPassword = 'an altogether different sentence';
const program = { agent: 'test', address: '192.0.2.1' };

/** Signs up, with an address that was confirmed. */
async function confirmed(registry: TestRegistry, name = 'alice') {
  const client = await registry.signUp(name);
  registry.sql(`update accounts set email_verified_at = 1 where name = '${name}'; delete from outbox`);
  return client;
}

async function ask(registry: TestRegistry, who = 'alice', from?: string): Promise<Page> {
  const browser = browserAt(registry.app, from);
  return await browser.submit(await browser.open('/-/web/password/forgotten'), { who });
}

async function linkFor(registry: TestRegistry, who = 'alice'): Promise<string> {
  expect((await ask(registry, who)).status).toBe(200);
  return linkIn((await receiveMail(registry)).at(-1));
}

async function set(browser: Browser, link: string, values: Record<string, string> = {}): Promise<Page> {
  const page = await browser.open(link);
  return await browser.submit(page, { new: newPassword, again: newPassword, ...values });
}

describe('asking for a new password', () => {
  test('is answered alike for a name, an address, a stranger, an unconfirmed address and nonsense', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    await registry.signUp('bob');
    await receiveMail(registry);
    const answers = [];
    for (const who of [
      'alice',
      'ALICE@example.org',
      'nobody',
      'nobody@example.org',
      'bob',
      '%',
      'x'.repeat(3_000),
    ]) {
      const { status, words } = await ask(registry, who);
      answers.push([status, words]);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(200);
    expect((await receiveMail(registry)).map(({ to }) => to)).toEqual([
      'alice@example.org',
      'alice@example.org',
    ]);
  });

  test('is as much work whether the account is there or not: one transaction, no password hash, no mail server', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    const work: string[][] = [];
    for (const who of ['alice', 'nobody']) {
      const done: string[] = [];
      await askForReset(counting(registry.services, done), who, program);
      work.push(done);
    }
    expect(work).toEqual([['write'], ['write']]);
  });

  test('goes to the address as the account has it', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    // The Kelvin sign is a lower-case k to some, and another mailbox to a mail server.
    registry.sql("update accounts set email = 'kim@example.org'");
    await ask(registry, '\u212Aim@example.org');
    await ask(registry, 'KIM@example.org');
    expect((await receiveMail(registry)).map(({ to }) => to)).toEqual(['kim@example.org']);
  });

  test('sends five links a day to an account, and says nothing about it', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    for (let i = 0; i < 7; i++) expect((await ask(registry, 'alice', `192.0.2.${i}`)).status).toBe(200);
    expect(await receiveMail(registry)).toHaveLength(5);
    registry.clock.advance(day);
    await ask(registry);
    expect(await receiveMail(registry)).toHaveLength(1);
  });

  test('is slowed down for one address that asks for many', async () => {
    const registry = await createTestRegistry();
    const statuses = [];
    for (let i = 0; i < 22; i++) statuses.push((await ask(registry, `user-${i}`)).status);
    expect(statuses).toEqual([...Array(20).fill(200), 429, 429]);
    expect((await ask(registry, 'alice', '192.0.2.2')).status).toBe(200);
  });
});

/** Notes what takes time in `done`. */
function counting(services: Services, done: string[]): Services {
  return {
    ...services,
    database: {
      ...services.database,
      write: async (work) => {
        done.push('write');
        return await services.database.write(work);
      },
    },
    passwords: {
      hash: async (secret) => {
        done.push('hash');
        return await services.passwords.hash(secret);
      },
      verify: async (secret, hash) => {
        done.push('verify');
        return await services.passwords.verify(secret, hash);
      },
    },
  };
}

describe('setting a new password', () => {
  test('takes the link alone where there is no second factor, and ends all sessions and tokens', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const elsewhere = browserAt(registry.app);
    const login = await elsewhere.open('/-/web/log-in');
    await elsewhere.submit(login, { name: 'alice', password: goodPassword }, 'Log in');
    const link = await linkFor(registry);
    const done = await set(browserAt(registry.app), link);
    expect(done.words).toContain('Password set');
    expect((await alice.get('/-/whoami')).status).toBe(401);
    expect((await elsewhere.open('/-/web/account')).path).toContain('/-/web/log-in');
    expect((await registry.logIn('alice')).code).toBe('login_refused');
    expect((await registry.logIn('alice', { password: newPassword })).status).toBe(201);
    const [mail] = await receiveMail(registry);
    expect([mail?.to, mail?.subject]).toEqual(['alice@example.org', 'The password of alice was changed']);
    expect(mail?.text).toContain('approved with: a link in a mail');
    expect(await registry.auditEvents()).toContain('account:password-reset alice alice');
  });

  test('ASVS 6.4.3: keeps the second factor, and asks for it', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const app = await registry.enrol(alice);
    const link = await linkFor(registry);
    const browser = browserAt(registry.app);
    for (const code of [app.wrongCode(), app.recoveryCodes[0] as string, '']) {
      const refused = await set(browser, link, { code });
      expect([code, refused.status]).toEqual([code, 403]);
    }
    expect((await registry.logIn('alice', { otp: app.nextCode() })).status).toBe(201);
    expect((await set(browser, link, { code: app.nextCode() })).words).toContain('Password set');
    expect((await registry.logIn('alice', { password: newPassword })).code).toBe('otp_required');
    expect((await registry.logIn('alice', { password: newPassword, otp: app.nextCode() })).status).toBe(201);
    const mails = await receiveMail(registry);
    expect(mails.at(-1)?.text).toContain('approved with: a link in a mail and totp');
  });

  test('counts a factor that was enrolled after the link was opened', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const link = await linkFor(registry);
    const browser = browserAt(registry.app);
    const page = await browser.open(link);
    await registry.enrol(alice);
    expect((await browser.submit(page, { new: newPassword, again: newPassword })).status).toBe(403);
    expect((await registry.logIn('alice', { password: newPassword })).code).toBe('login_refused');
  });

  test('one code sets one password, and is worth nothing for a release afterwards', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const app = await registry.enrol(alice);
    const link = await linkFor(registry);
    const code = app.nextCode();
    await set(browserAt(registry.app), link, { code });
    const login = await registry.logIn('alice', { password: newPassword, otp: code });
    expect(login.code).toBe('otp_refused');
    const again = alice.from({
      token: (await registry.logIn('alice', { password: newPassword, otp: app.nextCode() })).body.token,
    });
    expect((await publish(again, {}, { otp: code })).code).toBe('otp_refused');
  });

  test('works once, also when it is tried twice at the same time', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    const another = await registry.another();
    const link = await linkFor(registry);
    const answers = await Promise.all(
      [registry, another, registry].map(({ app }, i) =>
        set(browserAt(app), link, { new: `${newPassword} ${i}`, again: `${newPassword} ${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await browserAt(registry.app).open(link)).status).toBe(404);
  });

  test('ends with its hour, and with the address it was sent to', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    const browser = browserAt(registry.app);
    const late = await linkFor(registry);
    registry.clock.advance(hour);
    expect((await browser.open(late)).status).toBe(404);
    const stale = await linkFor(registry);
    registry.sql("update accounts set email = 'new@example.org'");
    expect((await browser.open(stale)).status).toBe(404);
  });

  test('uses every other link up, and a wrong try uses none', async () => {
    const registry = await createTestRegistry();
    await confirmed(registry);
    const [first, second] = [await linkFor(registry), await linkFor(registry)];
    const browser = browserAt(registry.app);
    for (const [word, values] of [
      ['differ', { new: 'one long password here', again: 'two long passwords here' }],
      ['15 characters', { new: 'too short', again: 'too short' }],
      ['common', { new: 'password123456!', again: 'password123456!' }],
      ['everybody knows', { new: 'Alice@example.org!', again: 'Alice@example.org!' }],
    ] as const) {
      const refused = await set(browser, first, values);
      expect([refused.status, refused.words]).toEqual([400, expect.stringContaining(word)]);
    }
    expect((await set(browser, first)).status).toBe(200);
    expect((await browser.open(second)).status).toBe(404);
  });

  test('leaves a hold as it is', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const app = await registry.enrol(alice);
    await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    const link = await linkFor(registry);
    await set(browserAt(registry.app), link, { code: app.nextCode() });
    const again = alice.from({
      token: (await registry.logIn('alice', { password: newPassword, otp: app.nextCode() })).body.token,
    });
    expect((await publish(again, {}, { otp: app.nextCode() })).code).toBe('account_held');
  });
});

describe('the page that changes a password', () => {
  test('takes the old one and a fresh proof, keeps this session and ends the others', async () => {
    const registry = await createTestRegistry();
    const alice = await confirmed(registry);
    const [browser, elsewhere] = [browserAt(registry.app), browserAt(registry.app)];
    for (const each of [browser, elsewhere]) {
      const login = await each.open('/-/web/log-in');
      await each.submit(login, { name: 'alice', password: goodPassword }, 'Log in');
    }
    const page = await browser.open('/-/web/account/password');
    const values = { new: newPassword, again: newPassword };
    expect((await browser.submit(page, { ...values, old: 'not the old one at all' })).status).toBe(403);
    registry.clock.advance(11 * minute);
    // The form that was open for too long: asked who is there before anything is changed.
    const stale = await browser.submit(page, { ...values, old: goodPassword });
    expect(stale.path).toContain('/-/web/confirm');
    await browser.submit(stale, { password: goodPassword });
    const fresh = await browser.open('/-/web/account/password');
    expect((await browser.submit(fresh, { ...values, old: goodPassword })).words).toContain(
      'Password changed',
    );
    expect((await browser.open('/-/web/account')).path).toBe('/-/web/account');
    expect((await elsewhere.open('/-/web/account')).path).toContain('/-/web/log-in');
    expect((await alice.get('/-/whoami')).status).toBe(401);
    expect((await receiveMail(registry)).map(({ subject }) => subject)).toContain(
      'The password of alice was changed',
    );
  });
});
