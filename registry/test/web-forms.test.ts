import { describe, expect, test } from 'vitest';
import { contentSecurityPolicy } from '../src/web/respond.ts';
import { safeReturn } from '../src/web/return-path.ts';
import { type Browser, browserAt } from './support/browser-client.ts';
import { publish } from './support/publishing.ts';
import { address, createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

async function logIn(registry: TestRegistry, name: string): Promise<Browser> {
  const browser = browserAt(registry.app);
  const page = await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
  expect(page.path).toBe('/-/web/account');
  return browser;
}

async function tokenOf(browser: Browser): Promise<string> {
  return (await browser.open('/')).forms.at(-1)?.fields['csrf'] as string;
}

/** Logging out is what a form of another site would do: whoever is still logged in afterwards was kept from it. */
async function isLoggedIn(browser: Browser): Promise<boolean> {
  return (await browser.open('/-/web/account')).path === '/-/web/account';
}

describe('a form is refused', () => {
  const withForm = async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    await registry.signUp('mallory');
    const browser = await logIn(registry, 'alice');
    return { registry, browser, csrf: await tokenOf(browser) };
  };

  test('without its token, with a wrong one, or with one given twice', async () => {
    const { browser, csrf } = await withForm();
    const bodies = [{}, { csrf: '' }, { csrf: `${csrf.slice(0, -1)}x` }, { csrf: `${csrf}${csrf}` }];
    for (const body of bodies) expect((await browser.post('/-/web/log-out', body)).status).toBe(400);
    const twice = new URLSearchParams([
      ['csrf', csrf],
      ['csrf', csrf],
    ]);
    expect((await browser.post('/-/web/log-out', twice)).status).toBe(400);
    expect(await isLoggedIn(browser)).toBe(true);
    expect((await browser.post('/-/web/log-out', { csrf })).status).toBe(303);
    expect(await isLoggedIn(browser)).toBe(false);
  });

  test('with the token of another session, or of the same person before they logged in', async () => {
    const { registry, browser } = await withForm();
    const other = await tokenOf(await logIn(registry, 'mallory'));
    expect((await browser.post('/-/web/log-out', { csrf: other })).status).toBe(400);
    const fresh = browserAt(registry.app);
    const before = (await fresh.open('/-/web/log-in')).forms.at(-1)?.fields['csrf'] as string;
    await fresh.submit(await fresh.open('/-/web/log-in'), { name: 'alice', password: goodPassword });
    expect((await fresh.post('/-/web/log-out', { csrf: before })).status).toBe(400);
    expect(await isLoggedIn(browser)).toBe(true);
  });

  test.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['of a neighbour on a subdomain', { origin: 'http://sub.registry.example' }],
    ['of the same host by another scheme', { origin: 'https://registry.example' }],
    ['of the same host at another port', { origin: 'http://registry.example:8080' }],
    ['of a page without an origin', { origin: 'null' }],
    ['that says nothing of its origin', { origin: '' }],
    ['that the browser says is of another site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser says is of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['that nobody sent from a page', { 'sec-fetch-site': 'none' }],
    ['of this machine, for a registry that is not', { origin: 'http://localhost' }],
  ])('%s, though its token is right', async (_, headers) => {
    const { browser, csrf } = await withForm();
    const { status, text } = await browser.post('/-/web/log-out', { csrf }, { headers });
    expect(status).toBe(400);
    expect(text).toContain('not sent from a page of this registry');
    expect(await isLoggedIn(browser)).toBe(true);
  });

  test('as JSON, as text or as parts, though its token is right', async () => {
    const { browser, csrf } = await withForm();
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
      const headers = { 'content-type': type };
      expect((await browser.post('/-/web/log-out', { csrf }, { headers })).status).toBeGreaterThanOrEqual(
        400,
      );
    }
    expect(await isLoggedIn(browser)).toBe(true);
  });

  test('for a login too: nobody is logged in as somebody else from another site', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('mallory');
    const victim = browserAt(registry.app);
    const mallory = await browserAt(registry.app).open('/-/web/log-in');
    const fields = { ...mallory.forms.at(-1)?.fields, name: 'mallory', password: goodPassword };
    expect((await victim.post('/-/web/log-in', fields)).status).toBe(400);
    expect(victim.cookies.size).toBe(0);
  });

  test('no GET logs anybody out or decides anything', async () => {
    const { browser } = await withForm();
    for (const path of ['/-/web/log-out', '/-/web/approve/x/deny', '/-/web/confirm/passkey']) {
      expect((await browser.visit(path)).status).toBe(404);
    }
    expect(await isLoggedIn(browser)).toBe(true);
  });

  test('when it is longer than any form', async () => {
    const { browser, csrf } = await withForm();
    expect((await browser.post('/-/web/log-out', { csrf, x: 'y'.repeat(70_000) })).status).toBe(413);
    const long = { csrf, name: 'y'.repeat(20_000), password: 'z' };
    expect((await browser.post('/-/web/log-in', long)).status).toBe(400);
  });
});

describe('on this machine', () => {
  test('a registry takes forms under each of its names, and of none it has not', async () => {
    const publicUrl = () => 'http://127.0.0.1:4873';
    const registry = await createTestRegistry({ settings: { publicUrl } });
    await registry.signUp('alice');
    const host = 'localhost:4873';
    const send = (origin: string) =>
      registry.app.inject({
        method: 'POST',
        url: '/-/web/log-in',
        headers: { host, origin, 'content-type': 'application/x-www-form-urlencoded', cookie },
        payload: new URLSearchParams({ csrf, name: 'alice', password: goodPassword }).toString(),
      });
    const form = await registry.app.inject({ url: '/-/web/log-in', headers: { host } });
    const cookie = String(form.headers['set-cookie']).split(';')[0] as string;
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.payload)?.[1] as string;
    expect((await send('http://evil.example')).statusCode).toBe(400);
    expect((await send('http://localhost:1')).statusCode).toBe(400);
    expect((await send('http://localhost:4873')).statusCode).toBe(303);
  });

  test('a page asked for by address is found under the name that passkeys belong to', async () => {
    const publicUrl = () => 'http://127.0.0.1:4873';
    const registry = await createTestRegistry({ settings: { publicUrl } });
    const at = async (host: string) => {
      const { statusCode, headers } = await registry.app.inject({
        url: '/-/web/log-in?x=1',
        headers: { host },
      });
      return [statusCode, headers.location];
    };
    expect(await at('127.0.0.1:4873')).toEqual([302, 'http://localhost:4873/-/web/log-in?x=1']);
    expect(await at('[::1]:9')).toEqual([302, 'http://localhost:9/-/web/log-in?x=1']);
    expect(await at('localhost:4873')).toEqual([200, undefined]);
    expect((await at('evil.example'))[0]).toBe(400);
  });
});

describe('where a visitor is sent back to', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/-/web/..//evil.example',
    '/-/web/../../@acme/tool',
    'javascript:alert(1)',
    '/-/web/log-in',
    '/-/web/log-out',
    '/-/web/confirm?return=/x',
    '/-/web/%0d%0aset-cookie:x',
    '/-/web/\r\nset-cookie: x',
    '/-/web/\u2028',
    '/@acme/tool',
    'account',
    '',
    `/-/web/${'x'.repeat(1_000)}`,
  ])('is never %j', async (text) => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const browser = browserAt(registry.app);
    const form = await browser.open(`/-/web/log-in?${new URLSearchParams({ return: text })}`);
    const { fields } = form.forms.find(({ action }) => action === '/-/web/log-in') ?? {};
    const answer = await browser.post('/-/web/log-in', {
      ...fields,
      return: text,
      name: 'alice',
      password: goodPassword,
    });
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toMatch(/^\/-\/web\/(account$|%0d%0aset-cookie:x$)/);
  });

  test('is a page of ours, with its question', () => {
    expect(safeReturn('/-/web/security/tokens?page=2')).toBe('/-/web/security/tokens?page=2');
    expect(safeReturn('/-/web/approve/abc')).toBe('/-/web/approve/abc');
  });
});

describe('every page', () => {
  const wanted = {
    'content-security-policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };

  test.each([
    ['/', 200],
    ['/-/web/search?q=x', 200],
    ['/-/web/search?q=x&q=y', 400],
    ['/-/web/log-in', 200],
    ['/-/web/sign-up', 200],
    ['/-/web/log-in/factor', 303],
    ['/-/web/confirm', 303],
    ['/-/web/account', 303],
    ['/-/web/approve/x', 303],
    ['/-/web/package/@acme/tool', 200],
    ['/-/web/package/nothing', 404],
    ['/-/web/nothing/at/all', 404],
    ['/-/web/static/0/style.css', 404],
  ])('%s is kept by nobody, framed by nobody, and loads from nobody', async (path, status) => {
    const registry = await createTestRegistry();
    await publish(await registry.signUp('alice'));
    const answer = await browserAt(registry.app).visit(path);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(wanted);
    expect(wanted['content-security-policy']).toBe(contentSecurityPolicy);
    // Nothing in it that the policy would have to allow.
    expect(answer.text).not.toMatch(
      /<style|\sstyle=|\son\w+=|<script(?! type="module" src="\/-\/web\/static\/)|<base/i,
    );
    for (const [, address = ''] of answer.text.matchAll(/\s(?:src|href|action)="([^"]*)"/g)) {
      expect(address).toMatch(/^[/#](?!\/)/);
    }
  });

  test('a page that fails says nothing of why, and is a page', async () => {
    const registry = await createTestRegistry();
    registry.sql('drop table releases');
    const { status, headers, text } = await browserAt(registry.app).visit('/');
    expect(status).toBe(500);
    expect(headers).toMatchObject(wanted);
    expect(text).not.toMatch(/SQL|releases|at /);
    expect(registry.log.join()).toContain('no such table');
  });

  test('a static file is kept for ever, under its digest alone', async () => {
    const registry = await createTestRegistry();
    const browser = browserAt(registry.app);
    const url = /href="(\/-\/web\/static\/[^"]+)"/.exec((await browser.open('/')).text)?.[1] as string;
    const { status, headers } = await browser.visit(url);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/css; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    for (const path of [
      url.replace(/[0-9a-f]{32}/, '0'.repeat(32)),
      `${url}?x`,
      url.replace('style.css', '..%2frespond.ts'),
    ]) {
      expect((await browser.visit(path)).status).toBe(404);
    }
  });
});

describe('what others wrote', () => {
  const attack = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;

  test('is text on every page that shows it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const manifest = {
      description: attack,
      license: attack,
      homepage: `https://evil.example/${attack}`,
      repository: { url: attack },
      keywords: [attack],
    };
    expect((await publish(alice, { manifest })).status).toBe(201);
    registry.sql(`update releases set deprecated = '${attack.replaceAll("'", "''")}'`);
    const agent = { 'npm-auth-type': 'web', 'user-agent': attack };
    const { body } = await registry.anonymous.post('/-/v1/login', {}, { headers: agent });
    const browser = await logIn(registry, 'alice');
    const pages = [
      '/',
      '/-/web/package/@acme/tool',
      '/-/web/search?q=script',
      body.loginUrl.replace(address, ''),
    ];
    for (const path of pages) {
      const { status, text } = await browser.open(path);
      expect(status).toBe(200);
      expect(text).toContain('&lt;script&gt;');
      expect(text).not.toMatch(/<script>|<img/);
    }
    const form = await browserAt(registry.app).open('/-/web/sign-up');
    const refused = await browserAt(registry.app).post('/-/web/sign-up', {
      ...form.forms.at(-1)?.fields,
      name: attack,
    });
    expect(refused.text).not.toMatch(/<script>|<img/);
  });

  test('a refused form gives what was typed back as text', async () => {
    const registry = await createTestRegistry();
    const browser = browserAt(registry.app);
    const values = { name: attack, email: attack, password: goodPassword };
    const { text, status } = await browser.submit(await browser.open('/-/web/sign-up'), values);
    expect(status).toBe(400);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toMatch(/<script>|<img/);
    expect(text).not.toContain(goodPassword);
    const logIn = await browser.submit(await browser.open('/-/web/log-in'), {
      name: attack,
      password: attack,
    });
    expect(logIn.text).not.toMatch(/<script>|<img/);
  });
});
