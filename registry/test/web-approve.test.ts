import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Authenticator } from './support/authenticator.ts';
import { type Browser, browserAt, type Page } from './support/browser-client.ts';
import type { Client } from './support/client.ts';
import { archiveOf, manifestOf, npmDocument, pathOf, type Release } from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { minute } from './support/test-clock.ts';
import {
  address,
  createTestRegistry,
  goodPassword,
  profilePath,
  type TestRegistry,
} from './support/test-registry.ts';

const web = { 'npm-auth-type': 'web', 'user-agent': 'npm/12.0.0 node/v24' };

async function browserOf(
  registry: TestRegistry,
  name: string,
  authenticator?: Authenticator,
): Promise<Browser> {
  const browser = browserAt(registry.app);
  const next = await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
  const page = authenticator ? await browser.submit(next, { code: authenticator.nextCode() }) : next;
  expect(page.path).toBe('/-/web/account');
  return browser;
}

/** Somebody with a factor, a browser, and a package to publish. */
async function publisher(registry: TestRegistry, name = 'alice') {
  const [client, authenticator] = await registry.signUpWithFactor(name);
  return { client, authenticator, browser: await browserOf(registry, name, authenticator) };
}

/** What npm does: publishes, and without a code is told where to go. */
async function putWeb(client: Client, release: Release = {}, otp?: string) {
  const manifest = manifestOf(release);
  const document = npmDocument(manifest, archiveOf(release));
  return await client.put(pathOf(manifest.name), document, { headers: web, otp });
}

/** The paths of the page for the person, and of the poll for the program. */
async function ask(client: Client, release: Release = {}): Promise<{ page: string; done: string }> {
  const { status, body, text } = await putWeb(client, release);
  expect(status, text).toBe(401);
  return { page: body.authUrl.replace(address, ''), done: body.doneUrl.replace(address, '') };
}

async function approve(browser: Browser, page: Page | string, code: string): Promise<Page> {
  return await browser.submit(
    typeof page === 'string' ? await browser.open(page) : page,
    { code },
    'Approve',
  );
}

const over = 'This request was answered already, has expired, or was never made.';

test('what looks at the address of a poll without wanting its answer takes nothing away', async () => {
  const registry = await createTestRegistry();
  const { client, authenticator, browser } = await publisher(registry);
  const { page, done } = await ask(client);
  await approve(browser, page, authenticator.nextCode());
  expect((await client.send('HEAD', done)).status).toBe(404);
  const { body } = await client.get(done);
  expect((await putWeb(client, {}, body.token)).status).toBe(201);
});

test('of one account no more than a hundred acts wait at a time, and a code needs none', async () => {
  const registry = await createTestRegistry();
  const { client, authenticator, browser } = await publisher(registry);
  const first = await ask(client);
  for (let count = 1; count < 100; count++) await ask(client);
  const many = await putWeb(client);
  expect([many.status, many.code, many.headers['retry-after']]).toEqual([429, 'throttled', '600']);
  const other = await publisher(registry, 'bob');
  await ask(other.client, { name: '@bob/tool' });

  await approve(browser, first.page, authenticator.nextCode());
  await ask(client);
  expect((await putWeb(client)).status).toBe(429);
  expect((await putWeb(client, {}, authenticator.nextCode())).status).toBe(201);
  registry.clock.advance(10 * minute);
  await ask(client, { version: '2.0.0' });
});

describe('approving a publish', () => {
  test('the page shows what is asked, a code approves it, and the program goes on', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    expect((await client.get(done)).status).toBe(202);
    // As `npm dist-tag add` and `rm` poll: with the method of what waits for it.
    expect(
      (await client.put(done, '"1.0.0"', { headers: { 'content-type': 'application/json' } })).status,
    ).toBe(202);
    expect((await client.delete(done)).status).toBe(202);

    const shown = await browser.open(page);
    const digest = createHash('sha256').update(archiveOf()).digest('hex');
    expect(shown.words).toContain('Publish @acme/tool@1.0.0?');
    expect(shown.words.replaceAll(/(?<=[0-9a-f]{8}) /g, '')).toContain(digest);
    for (const word of ['Account alice', 'npm/12.0.0 node/v24', '127.0.0.1', 'Open until 2026-01-01 12:1']) {
      expect(shown.words).toContain(word);
    }
    const approved = await approve(browser, shown, authenticator.nextCode());
    expect(approved.words).toContain('Approved');

    const { body, headers } = await registry.anonymous.get(done);
    expect(headers['cache-control']).toBe('no-store');
    expect(body.token).toMatch(/^[0-9a-f]{64}$/);
    expect((await putWeb(client, {}, body.token)).status).toBe(201);
    expect(await registry.auditEvents()).toContain('approval:granted alice npm:@acme/tool@1.0.0');
    const [{ details }] = registry.sql("select details from audit_events where tag = 'approval:granted'");
    expect(JSON.parse(details)).toEqual({
      sha256: digest,
      action: 'publish',
      agent: 'npm/12.0.0 node/v24',
      factor: 'totp',
    });
  });

  test('the proof is refused for other bytes, another version, and a second time', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    await approve(browser, page, authenticator.nextCode());
    const { token } = (await client.get(done)).body;
    const other = { files: { 'index.js': 'other bytes' } };
    expect((await putWeb(client, other, token)).code).toBe('otp_refused');
    expect((await putWeb(client, { version: '1.0.1' }, token)).code).toBe('otp_refused');
    expect((await putWeb(client, {}, token)).status).toBe(201);
    expect((await putWeb(client, { version: '1.0.1' }, token)).code).toBe('otp_refused');
    expect((await client.get(done)).status).toBe(404);
  });

  test('a proof that is ended by a new password while its upload is under way publishes nothing', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    await approve(browser, page, authenticator.nextCode());
    const { token: otp } = (await client.get(done)).body;
    const slow = await beginUpload(client, {}, { otp });
    const password = { old: goodPassword, new: 'a battery of correct horses' };
    const changed = await client.post(profilePath, { password }, { otp: authenticator.nextCode() });
    expect(changed.status, changed.text).toBe(200);
    expect((await slow.finish()).code).toBe('otp_refused');
    expect(registry.sql('select * from packages')).toEqual([]);
    // The token of the upload is the one that changed the password, and lives on: it was the proof that ended.
    expect((await client.get('/-/whoami')).status).toBe(200);
  });

  test('a code that approves is used up: for another page, and for a program', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const [one, two] = [await ask(client), await ask(client, { version: '2.0.0' })];
    const code = authenticator.nextCode();
    await approve(browser, one.page, code);
    const second = await approve(browser, two.page, code);
    expect(second.status).toBe(403);
    expect((await client.get(two.done)).status).toBe(202);
    expect((await putWeb(client, { version: '3.0.0' }, code)).code).toBe('otp_refused');
  });

  test('a wrong code approves nothing and leaves the request open', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    const refused = await approve(browser, page, authenticator.wrongCode());
    expect(refused.status).toBe(403);
    expect(refused.words).toContain('This one-time password is wrong');
    expect((await client.get(done)).status).toBe(202);
    expect((await approve(browser, refused, authenticator.nextCode())).words).toContain('Approved');
    expect(await registry.auditEvents()).toContain('approval:refused alice alice otp_refused');
  });

  test('neither a password, a fresh confirmation, a recovery code nor an earlier proof approves', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const [{ page, done }, earlier] = [await ask(client), await ask(client, { version: '2.0.0' })];
    await browser.submit(await browser.open('/-/web/confirm'), { code: authenticator.nextCode() });
    await approve(browser, earlier.page, authenticator.nextCode());
    const proof = (await client.get(earlier.done)).body.token;
    const shown = await browser.open(page);
    const tries = [
      { code: '', password: goodPassword },
      { code: '' },
      { code: authenticator.recoveryCodes[0] as string },
      { code: proof },
    ];
    for (const values of tries) expect((await browser.submit(shown, values, 'Approve')).status).toBe(403);
    expect((await client.get(done)).status).toBe(202);
  });

  test('denying ends it, takes no code, and the program is told', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    const shown = await browser.open(page);
    expect((await browser.submit(shown, {}, 'Deny')).words).toContain('Nothing was done');
    expect((await client.get(done)).status).toBe(404);
    expect((await approve(browser, shown, authenticator.nextCode())).words).toContain(over);
    expect(await registry.auditEvents()).toContain('approval:denied alice npm:@acme/tool@1.0.0');
  });

  test('it is decided once', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page } = await ask(client);
    const shown = await browser.open(page);
    await approve(browser, shown, authenticator.nextCode());
    expect((await approve(browser, shown, authenticator.nextCode())).status).toBe(404);
    expect((await browser.submit(shown, {}, 'Deny')).status).toBe(404);
    expect((await browser.open(page)).words).toContain(over);
  });

  test('approved twice at once by two processes, it is approved once and one code is used', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page } = await ask(client);
    const other = await registry.another();
    const elsewhere = browserAt(other.app);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    const shown = await browser.open(page);
    const [earlier, later] = [authenticator.code(), authenticator.code(1)];
    const pages = await registry.behindLock(
      async () => await Promise.all([approve(browser, shown, earlier), approve(elsewhere, shown, later)]),
      async () => {},
    );
    expect(pages.filter(({ words }) => words.includes('The program goes on'))).toHaveLength(1);
    const granted = (await registry.auditEvents()).filter((event) => event.startsWith('approval:granted'));
    expect(granted).toHaveLength(1);
  });

  test('after ten minutes there is nothing to approve', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    const shown = await browser.open(page);
    registry.clock.advance(10 * minute);
    expect((await browser.open(page)).status).toBe(404);
    expect((await approve(browser, shown, authenticator.code())).status).toBe(404);
    expect((await client.get(done)).status).toBe(404);
  });

  test('another account sees that it is another one, and can neither approve nor deny', async () => {
    const registry = await createTestRegistry();
    const { client, browser } = await publisher(registry);
    const mallory = await publisher(registry, 'mallory');
    const { page, done } = await ask(client);
    const shown = await mallory.browser.open(page);
    expect(shown.status).toBe(403);
    expect(shown.words).toContain('You are logged in as mallory');
    expect(shown.words).not.toContain('@acme/tool');
    expect(shown.words).not.toContain('alice');

    const csrf = shown.forms.at(-1)?.fields['csrf'] as string;
    const code = mallory.authenticator.nextCode();
    expect((await mallory.browser.post(page, { csrf, code })).status).toBe(403);
    expect((await mallory.browser.post(`${page}/deny`, { csrf })).status).toBe(403);
    expect((await client.get(done)).status).toBe(202);
    expect((await browser.open(page)).status).toBe(200);
    // Its own code was not used up by what it could not approve.
    const own = await ask(mallory.client, { name: 'other' });
    expect((await approve(mallory.browser, own.page, code)).words).toContain('Approved');
  });

  test('who is not logged in is asked to, and comes back to the page', async () => {
    const registry = await createTestRegistry();
    const [client, authenticator] = await registry.signUpWithFactor('alice');
    const { page } = await ask(client);
    const browser = browserAt(registry.app);
    const logIn = await browser.open(page);
    expect(logIn.path).toBe(`/-/web/log-in?${new URLSearchParams({ return: page })}`);
    expect(logIn.words).not.toContain('@acme/tool');
    const factor = await browser.submit(logIn, { name: 'alice', password: goodPassword });
    const back = await browser.submit(factor, { code: authenticator.nextCode() });
    expect(back.path).toBe(page);
    expect(back.words).toContain('Publish @acme/tool@1.0.0?');
  });

  test('half a login, a token and an ended session approve nothing', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator, browser } = await publisher(registry);
    const { page, done } = await ask(client);
    const half = browserAt(registry.app);
    const next = await half.submit(await half.open('/-/web/log-in'), {
      name: 'alice',
      password: goodPassword,
    });
    const csrf = next.forms.at(-1)?.fields['csrf'] as string;
    const code = authenticator.nextCode();
    expect((await half.post(page, { csrf, code })).headers['location']).toContain('/-/web/log-in');

    const shown = await browser.open(page);
    await browser.copy().submit(await browser.open('/'), {}, 'Log out');
    expect((await approve(browser, shown, code)).words).not.toContain('Approved');
    const withToken = await client.post(page, `code=${code}`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: address },
    });
    expect(withToken.status).toBe(400);
    expect((await client.get(done)).status).toBe(202);
  });

  test('an account that was recovered approves nothing while it is held', async () => {
    const registry = await createTestRegistry();
    const { client, authenticator } = await publisher(registry);
    const { page, done } = await ask(client);
    const browser = browserAt(registry.app);
    const factor = await browser.submit(await browser.open('/-/web/log-in'), {
      name: 'alice',
      password: goodPassword,
    });
    await browser.submit(factor, { code: authenticator.recoveryCodes[0] as string });
    const refused = await approve(browser, page, authenticator.nextCode());
    expect(refused.status).toBe(403);
    expect(refused.words).toContain('was recovered');
    expect((await client.get(done)).status).toBe(202);
  });

  test('an address made up leads nowhere', async () => {
    const registry = await createTestRegistry();
    const { browser } = await publisher(registry);
    for (const name of ['x', 'a'.repeat(43), '%2e%2e', 'a'.repeat(600)]) {
      expect((await browser.open(`/-/web/approve/${name}`)).status).toBe(404);
    }
  });
});

describe('approving a login', () => {
  const begin = async (registry: TestRegistry) => {
    const { body } = await registry.anonymous.post('/-/v1/login', {}, { headers: web });
    return { page: body.loginUrl.replace(address, ''), done: body.doneUrl.replace(address, '') };
  };

  test('an account with a factor gives it, and the program gets a token of that account, once', async () => {
    const registry = await createTestRegistry();
    const { authenticator, browser } = await publisher(registry);
    const { page, done } = await begin(registry);
    const shown = await browser.open(page);
    expect(shown.words).toContain('Log in a program as alice?');
    expect(shown.words).toContain('Nobody who is honest sends you such an address');
    expect(shown.words).toContain('npm/12.0.0 node/v24');
    expect((await approve(browser, shown, authenticator.nextCode())).words).toContain('Approved');
    const { token } = (await registry.anonymous.get(done)).body;
    const who = await registry.anonymous.from({ token }).get('/-/whoami');
    expect(who.body).toEqual({ username: 'alice' });
    expect((await registry.anonymous.get(done)).status).toBe(404);
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'approval:granted alice alice',
      'account:login alice alice',
    ]);
  });

  test('denied or out of time, there is no token, and no status that npm takes for "no logins in a browser"', async () => {
    const registry = await createTestRegistry();
    const { browser } = await publisher(registry);
    const [denied, late] = [await begin(registry), await begin(registry)];
    await browser.submit(await browser.open(denied.page), {}, 'Deny');
    const no = await registry.anonymous.get(denied.done);
    registry.clock.advance(10 * minute);
    for (const answer of [no, await registry.anonymous.get(late.done)]) {
      expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['code', 'error']]);
    }
    expect((await registry.anonymous.get('/-/v1/done?authId=nothing')).status).toBe(404);
  });

  test('an account without a factor gives its password again', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('bob');
    const browser = await browserOf(registry, 'bob');
    const { page, done } = await begin(registry);
    const shown = await browser.open(page);
    const wrong = await browser.submit(shown, { password: 'a wrong password' }, 'Approve');
    expect(wrong.status).toBe(403);
    expect((await registry.anonymous.get(done)).status).toBe(202);
    await browser.submit(wrong, { password: goodPassword }, 'Approve');
    expect((await registry.anonymous.get(done)).body.token).toMatch(/^pub_/);
  });

  test('of two people who approve one login the first one decides whose it is', async () => {
    const registry = await createTestRegistry();
    const [alice, mallory] = [await publisher(registry, 'alice'), await publisher(registry, 'mallory')];
    const { page, done } = await begin(registry);
    const [hers, theirs] = [await alice.browser.open(page), await mallory.browser.open(page)];
    await approve(alice.browser, hers, alice.authenticator.nextCode());
    expect((await approve(mallory.browser, theirs, mallory.authenticator.nextCode())).status).toBe(404);
    const { token } = (await registry.anonymous.get(done)).body;
    expect((await registry.anonymous.from({ token }).get('/-/whoami')).body).toEqual({ username: 'alice' });
  });
});
