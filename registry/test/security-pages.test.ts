import { describe, expect, test } from 'vitest';
import { holdLifetime } from '../src/accounts/hold.ts';
import { Authenticator, codeOf } from './support/authenticator.ts';
import { type Browser, browserAt, type Page } from './support/browser-client.ts';
import { Client } from './support/client.ts';
import { mailsOf } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { day, minute, second } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

/** The security pages in a browser without script. */

const base = '/-/web/security';

async function loggedIn(registry: TestRegistry, name: string, app = registry.app): Promise<Browser> {
  const browser = browserAt(app);
  const page = await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
  expect(page.path).toBe('/-/web/account');
  return browser;
}

async function signedUp(name = 'alice'): Promise<[TestRegistry, Browser]> {
  const registry = await createTestRegistry();
  await registry.signUp(name);
  return [registry, await loggedIn(registry, name)];
}

/** Adds an authenticator app on the page, and proves with its next code that it is there. */
async function enrol(registry: TestRegistry, browser: Browser): Promise<Authenticator> {
  const begin = await browser.open(`${base}/totp`);
  const shown = await browser.submit(begin, { mode: 'auth-and-writes' }, 'Add an authenticator app');
  const seed = /Key: ((?:[A-Z2-7]{4} ?)+)/.exec(shown.words)?.[1]?.replaceAll(' ', '') ?? '';
  const done = await browser.submit(shown, { code: codeOf(seed, registry.clock.now) }, 'Confirm');
  expect(done.words, done.text).toContain('Your recovery codes');
  const app = new Authenticator(seed, codesOn(done), registry.clock);
  await confirm(browser, app);
  return app;
}

async function confirm(browser: Browser, app: Authenticator): Promise<void> {
  const page = await browser.submit(await browser.open('/-/web/confirm'), { code: app.nextCode() });
  expect(page.path, page.words).toBe('/-/web/account');
}

function codesOn({ words }: Page): string[] {
  return [...words.matchAll(/(?:\d{5} ){3}\d{5}/g)].map(([code]) => code.replaceAll(' ', ''));
}

describe('an authenticator app', () => {
  test('is added, asked for at another time, and removed', async () => {
    const [registry, browser] = await signedUp();
    const app = await enrol(registry, browser);
    expect(app.recoveryCodes).toHaveLength(10);
    const changed = await browser.submit(
      await browser.open(`${base}/totp`),
      { mode: 'auth-only' },
      'Change this',
    );
    expect(changed.path).toBe(`${base}/totp`);
    expect(registry.sql('select mode from totp_factors')).toEqual([{ mode: 'auth-only' }]);
    const wrong = await browser.submit(changed, { password: 'not it' }, 'Remove the authenticator app');
    expect(wrong.status).toBe(403);
    const gone = await browser.submit(changed, { password: goodPassword }, 'Remove the authenticator app');
    expect(gone.words).toContain('Your password is all that protects this account');
    expect(registry.sql('select id from totp_factors')).toEqual([]);
    expect(registry.sql('select id from recovery_codes')).toEqual([]);
    expect(mailsOf(registry, 'factor-added')).toEqual(['alice@example.org']);
    expect(mailsOf(registry, 'factor-removed')).toEqual(['alice@example.org']);
  });

  test('shows the same key after a wrong code, and none of it lies in the data folder or the log', async () => {
    const [registry, browser] = await signedUp();
    const begin = await browser.open(`${base}/totp`);
    const shown = await browser.submit(begin, { mode: 'auth-only' }, 'Add an authenticator app');
    const again = await browser.submit(shown, { code: '000000' }, 'Confirm');
    expect(again.status).toBe(400);
    const key = (page: Page) => /Key: ((?:[A-Z2-7]{4} ?)+)/.exec(page.words)?.[1]?.trim() ?? '';
    expect(key(again)).toBe(key(shown));
    expect(again.text).toContain('<svg class="qr"');
    expect(again.headers['cache-control']).toBe('no-store');
    const secret = key(shown).replaceAll(' ', '');
    expect(secret).toHaveLength(32);
    expect(registry.bytesAtRest()).not.toContain(secret);
    expect(registry.log.join('\n')).not.toContain(secret);
  });

  test('is not shown to a session without a fresh proof, nor by it begun or confirmed', async () => {
    const [registry, browser] = await signedUp();
    const begin = await browser.open(`${base}/totp`);
    const shown = await browser.submit(begin, { mode: 'auth-only' }, 'Add an authenticator app');
    const uses = registry.sql('select seed from totp_factors');
    registry.clock.advance(10 * minute + second);
    expect((await browser.open(`${base}/totp`)).path).toBe(
      `/-/web/confirm?return=${encodeURIComponent(`${base}/totp`)}`,
    );
    await browser.submit(shown, { mode: 'auth-only' }, 'Begin again with another key');
    expect(registry.sql('select seed from totp_factors')).toEqual(uses);
  });

  test('of an account that has a factor is not begun by a token and the password alone', async () => {
    const [registry, browser] = await signedUp();
    const client = new Client(registry.app, {
      name: 'alice',
      token: (await registry.logIn('alice')).body.token,
      password: goodPassword,
    });
    registry.sql(`insert into passkeys (id, account_id, name, public_key, counter, transports, aaguid, device_type, backed_up, created_at)
      values ('x', 1, 'key', '', 0, '[]', '', 'singleDevice', 0, 1)`);
    const body = { tfa: { mode: 'auth-only', password: goodPassword } };
    const answer = await client.post('/-/npm/v1/user', body);
    expect(answer.code).toBe('otp_required');
    expect(registry.sql('select id from totp_factors')).toEqual([]);
    const page = await browser.open(`${base}/totp`);
    expect(page.path, 'a password given before proves nothing any more').toContain('/-/web/confirm');
  });
});

describe('recovery codes', () => {
  test('are made anew with a fresh proof, and the ones before are over', async () => {
    const [registry, browser] = await signedUp();
    const app = await enrol(registry, browser);
    const page = await browser.open(`${base}/recovery-codes`);
    expect(page.words).toContain('10 of your recovery codes are left');
    const renewed = await browser.submit(page, {}, 'Make new codes');
    const codes = codesOn(renewed);
    expect(codes).toHaveLength(10);
    expect(codes).not.toContain(app.recoveryCodes[0]);
    expect((await registry.logIn('alice', { otp: app.recoveryCodes[0] as string })).code).toBe('otp_refused');
    expect((await registry.logIn('alice', { otp: codes[0] as string })).status).toBe(201);
    expect(mailsOf(registry, 'recovery-codes-replaced')).toEqual(['alice@example.org']);
    expect(await registry.auditEvents()).toContain('factor:recovery-codes-replaced alice alice');
  });

  test('are there for whoever has a factor', async () => {
    const [, browser] = await signedUp();
    expect((await browser.open(`${base}/recovery-codes`)).status).toBe(403);
  });
});

describe('a held account', () => {
  test('changes no factor and makes no token, and can end sessions', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    const owner = browserAt(registry.app);
    const half = await owner.submit(await owner.open('/-/web/log-in'), {
      name: 'alice',
      password: goodPassword,
    });
    await owner.submit(half, { code: app.nextCode() });
    const pages = {
      totp: await owner.open(`${base}/totp`),
      codes: await owner.open(`${base}/recovery-codes`),
      token: await owner.open(`${base}/tokens/create`),
    };
    expect((await registry.logIn('alice', { otp: app.recoveryCodes[0] as string })).status).toBe(201);
    const before = registry.sql('select mode from totp_factors');
    const answers = [
      await owner.submit(pages.totp, { mode: 'auth-only' }, 'Change this'),
      await owner.submit(pages.totp, { password: goodPassword }, 'Remove the authenticator app'),
      await owner.submit(pages.codes, {}, 'Make new codes'),
      await owner.submit(pages.token, { name: 'x', packages: '', networks: '' }, 'Make the token'),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.words).toContain('can change nothing until');
    }
    expect(registry.sql('select mode from totp_factors')).toEqual(before);
    expect((await owner.open(base)).words).toContain('It can publish and change nothing until');
    expect((await owner.open(`${base}/sessions`)).status).toBe(200);
  });
});

describe('sessions', () => {
  test('are listed, ended one by one, and all but this one', async () => {
    const [registry, here] = await signedUp();
    const others = [
      await loggedIn(registry, 'alice'),
      await loggedIn(registry, 'alice'),
      await loggedIn(registry, 'alice'),
    ];
    const list = await here.open(`${base}/sessions`);
    expect(list.words.match(/This browser/g)).toHaveLength(1);
    expect(list.words.match(/Session \d+/g)).toHaveLength(3);
    const one = list.forms.find(({ action }) => action.endsWith('/end'));
    await here.post(`${base}/sessions/end`, one?.fields ?? {});
    const places = async () =>
      await Promise.all(others.map(async (other) => (await other.open(base)).path === base));
    expect((await places()).filter(Boolean)).toHaveLength(2);
    await here.submit(await here.open(`${base}/sessions`), {}, 'End all other sessions');
    expect(await places()).toEqual([false, false, false]);
    expect((await here.open(base)).path).toBe(base);
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'session:ended alice alice',
      'session:others-ended alice alice',
    ]);
  });

  test('of another account are not there', async () => {
    const [registry, alice] = await signedUp();
    await registry.signUp('mallory');
    const mallory = await loggedIn(registry, 'mallory');
    const csrf = (await mallory.open(base)).forms.at(-1)?.fields['csrf'] ?? '';
    for (const session of ['1', '0', '-1', '1e0', '1 or 1=1', '']) {
      const answer = await mallory.post(`${base}/sessions/end`, { csrf, session });
      expect(answer.status, session).toBeOneOf([400, 404]);
    }
    expect((await alice.open(base)).path).toBe(base);
    expect((await mallory.open(`${base}/sessions`)).words).not.toContain('Session 1');
  });
});

describe('tokens', () => {
  test('are made with limits, shown once, and revoked', async () => {
    const [registry, browser] = await signedUp();
    const page = await browser.open(`${base}/tokens/create`);
    const none = { 'scope-read': '', 'scope-stage': '', 'scope-yank': '', 'scope-owners': '' };
    const limits = { ...none, 'scope-publish': 'yes', packages: '@acme/tool, @other/*', networks: '' };
    const made = await browser.submit(page, { ...limits, name: 'ci', days: '30' }, 'Make the token');
    const token = /pub_[0-9A-Za-z]{42}/.exec(made.words)?.[0] ?? '';
    const ci = new Client(registry.app, { name: 'alice', token });
    expect((await publish(ci, { name: '@acme/tool' })).status).toBe(201);
    expect((await publish(ci, { name: '@acme/else' })).status).toBe(403);
    const list = await browser.open(`${base}/tokens`);
    expect(list.text).not.toContain(token);
    expect(list.words).toContain('publish: @acme/tool @other/*');
    const form = list.forms.find(({ action }) => action.endsWith('/revoke'));
    await browser.post(`${base}/tokens/revoke`, form?.fields ?? {}, { referer: `${base}/tokens` });
    expect((await publish(ci, { name: '@acme/tool', version: '1.0.1' })).status).toBe(401);
  });

  test('that nobody could mean are refused on the form, which keeps what was typed', async () => {
    const [registry, browser] = await signedUp();
    const page = await browser.open(`${base}/tokens/create`);
    const scopes = { 'scope-stage': '', 'scope-yank': '', 'scope-owners': '', 'scope-publish': '' };
    const wrong: Record<string, string>[] = [
      { ...scopes, 'scope-read': '' },
      { name: ' ' },
      { days: '91' },
      { days: '0' },
      { days: 'ten' },
      { packages: '../x' },
      { networks: 'everywhere' },
    ];
    for (const values of wrong) {
      const answer = await browser.submit(page, { name: '<b>ci', days: '7', ...values }, 'Make the token');
      expect(answer.status, JSON.stringify(values)).toBe(400);
      expect(answer.text).not.toContain('<b>ci');
    }
    expect(registry.sql('select id from tokens where scopes is not null')).toEqual([]);
  });

  test('of another account are neither listed nor revoked', async () => {
    const [registry, alice] = await signedUp();
    const list = await alice.open(`${base}/tokens`);
    const key = list.forms.find(({ action }) => action.endsWith('/revoke'))?.fields['token'] ?? '';
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    await registry.signUp('mallory');
    const mallory = await loggedIn(registry, 'mallory');
    const csrf = (await mallory.open(base)).forms.at(-1)?.fields['csrf'] ?? '';
    const answer = await mallory.post(`${base}/tokens/revoke`, { csrf, token: key });
    expect(answer.status).toBe(404);
    expect(registry.sql('select id from tokens where revoked_at is not null')).toEqual([]);
  });
});

describe('the history', () => {
  test('holds what an account did and what was done to it, newest first, in pages, and nothing of others', async () => {
    const [registry, browser] = await signedUp();
    await registry.signUp('bob');
    await registry.logIn('alice', { password: 'wrong one' });
    const first = await browser.open(`${base}/history`);
    expect(first.words).toMatch(/account:login-refused .* account:login .* account:created/);
    expect(first.words).not.toContain('bob');
    for (let i = 0; i < 60; i++) await registry.logIn('alice');
    const page = await browser.open(`${base}/history`);
    const older = /href="([^"]*before=\d+)"/.exec(page.text)?.[1] ?? '';
    const rest = await browser.open(older);
    expect(rest.words).toContain('account:created');
    expect(page.words).not.toContain('account:created');
    for (const before of ['-1', 'x', '1e9', `${'9'.repeat(30)}`]) {
      expect((await browser.open(`${base}/history?before=${before}`)).status).toBe(200);
    }
  });
});

test('no security page opens without a login, and none with half a login', async () => {
  const registry = await createTestRegistry();
  await registry.signUpWithFactor('alice');
  const nobody = browserAt(registry.app);
  const half = browserAt(registry.app);
  const password = goodPassword;
  await half.submit(await half.open('/-/web/log-in'), { name: 'alice', password });
  const paths = [
    '',
    '/totp',
    '/passkeys',
    '/passkeys/add',
    '/recovery-codes',
    '/sessions',
    '/tokens',
    '/history',
  ];
  for (const path of paths) {
    for (const browser of [nobody, half]) {
      expect((await browser.open(base + path)).path).toContain('/-/web/log-in');
    }
  }
});

test('where passkeys cannot work, the page says so', async () => {
  const [, browser] = await signedUp();
  const page = await browser.open(`${base}/passkeys/add`);
  expect(page.words).toContain('Passkeys need a registry with a host name that is reached over HTTPS.');
});

describe('an account whose factor was lost', () => {
  const useCode = async (registry: TestRegistry, code: string): Promise<Browser> => {
    const browser = browserAt(registry.app);
    const values = { name: 'alice', password: goodPassword };
    const half = await browser.submit(await browser.open('/-/web/log-in'), values);
    expect((await browser.submit(half, { code })).words).toContain('A new recovery code');
    return browser;
  };

  test('is held by the first recovery code, and by the next one gets other factors and nothing else', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    const [first = '', next = '', last = ''] = app.recoveryCodes;
    const held = await useCode(registry, first);
    registry.clock.advance(10 * minute);
    await useCode(registry, last);
    expect((await held.open(`${base}/totp`)).words).toContain('can change nothing until');

    registry.clock.advance(holdLifetime);
    const browser = await useCode(registry, next);
    expect(registry.sql(`select id from accounts where hold_until > ${registry.clock.now}`)).toEqual([]);
    expect((await browser.open(`${base}/tokens/create`)).path).toContain('/-/web/confirm');
    expect((await browser.open('/-/web/account/email')).path).toContain('/-/web/confirm');
    const page = await browser.open(`${base}/totp`);
    const gone = await browser.submit(page, { password: goodPassword }, 'Remove the authenticator app');
    expect(gone.words).toContain('Your password is all that protects this account');
    expect(mailsOf(registry, 'recovery-code-used')).toHaveLength(2);
    expect(mailsOf(registry, 'recovery-code-used-again')).toHaveLength(1);
  });

  test('has ten minutes for it, and seven days after the hold', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    const [first = '', next = '', last = ''] = app.recoveryCodes;
    await useCode(registry, first);
    registry.clock.advance(holdLifetime);
    const browser = await useCode(registry, next);
    registry.clock.advance(10 * minute + second);
    expect((await browser.open(`${base}/totp`)).path).toContain('/-/web/confirm');
    registry.clock.advance(7 * day);
    const later = await useCode(registry, last);
    expect((await later.open(`${base}/totp`)).words).toContain('can change nothing until');
  });
});
