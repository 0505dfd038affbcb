import { describe, expect, test } from 'vitest';
import type { Authenticator } from './support/authenticator.ts';
import { Browser, browserAt, type Page } from './support/browser-client.ts';
import { makeOwner } from './support/people.ts';
import { archiveOf } from './support/publishing.ts';
import { SoftwareAuthenticator } from './support/software-authenticator.ts';
import { sha256Of, staged } from './support/staging.ts';
import { minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

async function browserOf(registry: TestRegistry, name: string, app?: Authenticator): Promise<Browser> {
  const browser = browserAt(registry.app);
  const next = await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
  const page = app ? await browser.submit(next, { code: app.nextCode() }) : next;
  expect(page.path).toBe('/-/web/account');
  return browser;
}

const release = { files: { 'index.js': 'export {}', 'lib/<script>.js': '' } };

/** alice, her browser, and a release of hers that waits. */
async function waiting() {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const id = await staged(alice, release);
  const browser = await browserOf(registry, 'alice', app);
  return { registry, alice, app, browser, id, path: `/-/web/staged/${id}` };
}

const isPublic = async (registry: TestRegistry) =>
  (await registry.anonymous.get('/@acme%2ftool')).status === 200;

const wordsOf = (page: Page) => page.words.replaceAll(/(?<=[0-9a-f]{8}) /g, '');

describe('the page of a staged release', () => {
  test('shows what is to be decided, and a code given there publishes it', async () => {
    const { registry, app, browser, path } = await waiting();
    const page = await browser.open(path);
    const archive = archiveOf(release);
    for (const word of [
      'Publish @acme/tool 1.0.0?',
      sha256Of(archive),
      `${archive.byteLength} bytes`,
      'Handed in by alice',
      'With the token lightMyRequest',
      'ci/1.0',
      'package.json',
      'lib/<script>.js',
    ])
      expect(wordsOf(page)).toContain(word);
    expect(page.text).not.toContain('<script>.js');
    const wrong = await browser.submit(page, { code: app.wrongCode() }, 'Approve');
    expect([wrong.status, await isPublic(registry)]).toEqual([403, false]);
    const done = await browser.submit(wrong, { code: app.nextCode() }, 'Approve');
    expect(done.words).toContain('Published');
    expect(await isPublic(registry)).toBe(true);
    expect(registry.sql('select factor from releases')).toEqual([{ factor: 'totp' }]);
    const after = await browser.open(path);
    expect(after.words).toContain('This release was published by alice');
    expect(after.forms.filter(({ action }) => action.includes('staged'))).toEqual([]);
    expect((await browser.submit(page, { code: app.nextCode() }, 'Approve')).status).toBe(409);
  });

  test('rejects for whoever confirmed who they are, and asks all others to confirm first', async () => {
    const { registry, app, browser, path } = await waiting();
    registry.clock.advance(11 * minute);
    const page = await browser.open(path);
    const confirm = await browser.submit(page, {}, 'Reject');
    expect(confirm.path).toContain('/-/web/confirm');
    expect(registry.sql('select state from releases')).toEqual([{ state: 'staged' }]);
    const back = await browser.submit(confirm, { code: app.nextCode() });
    expect(back.path).toBe(path);
    expect((await browser.submit(back, {}, 'Reject')).words).toContain('Rejected');
    expect(registry.sql('select state from releases')).toEqual([{ state: 'rejected' }]);
    expect((await browser.open(path)).words).toContain('This release was rejected by alice');
  });

  test('takes no password, no earlier confirmation, no recovery code and no form of another site', async () => {
    const { registry, app, browser, path } = await waiting();
    const page = await browser.open(path);
    const tries = [
      { code: '' },
      { code: '', password: goodPassword },
      { code: app.recoveryCodes[0] as string },
    ];
    for (const values of tries) expect((await browser.submit(page, values, 'Approve')).status).toBe(403);
    const foreign = { headers: { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' } };
    const fields = { ...page.forms.find(({ button }) => button === 'Approve')?.fields, code: app.nextCode() };
    expect((await browser.post(`${path}/approve`, fields, foreign)).status).toBe(400);
    expect((await browser.post(`${path}/approve`, { code: app.code() })).status).toBe(400);
    expect((await browser.visit(`${path}/approve`)).status).toBe(404);
    expect(await isPublic(registry)).toBe(false);
  });

  test('is there for the people of the package only', async () => {
    const { registry, alice, app, path } = await waiting();
    const bob = await registry.signUp('bob');
    const stranger = await browserOf(registry, 'bob');
    const asked = await stranger.open(path);
    expect([asked.status, asked.words.includes('1.0.0')]).toEqual([404, false]);
    expect((await browserAt(registry.app).open(path)).path).toContain('/-/web/log-in');
    await makeOwner(alice, bob, { role: 'maintainer', otp: app.nextCode() });
    const shown = await stranger.open(path);
    expect(shown.words).toContain('it has none: see its security page');
    const form = shown.forms.find(({ button }) => button === 'Reject');
    const post = await stranger.post(`${path}/approve`, { ...form?.fields, code: '123456' });
    expect([post.status, await isPublic(registry)]).toEqual([403, false]);
  });

  test('says whose token it was, and whether that was revoked since', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const ci = await limitedClient(alice, { scopes: ['stage'], name: 'nightly <b>' });
    const path = `/-/web/staged/${await staged(ci)}`;
    const browser = await browserOf(registry, 'alice');
    expect((await browser.open(path)).words).toContain('With the token nightly <b> Program');
    await ci.post('/-/pub/v1/logout');
    expect((await browser.open(path)).words).toContain('nightly <b> (revoked since)');
  });
});

test('the page of a package tells its people what waits, and nobody else', async () => {
  const { registry, alice, app, browser, id, path } = await waiting();
  const own = await browser.open('/-/web/package/@acme/tool');
  expect(own.words).toContain('No release of this package is public');
  expect(own.text).toContain(`href="${path}"`);
  const page = await browser.open(path);
  await browser.submit(page, { code: app.nextCode() }, 'Approve');
  const next = await staged(alice, { version: '1.1.0' });
  const shown = await browser.open('/-/web/package/@acme/tool');
  expect(shown.words).toContain('Waiting for approval 1.1.0 by alice');
  expect([shown.text.includes(next), shown.text.includes(id)]).toEqual([true, false]);
  await registry.signUp('bob');
  for (const reader of [browserAt(registry.app), await browserOf(registry, 'bob')]) {
    const { text } = await reader.open('/-/web/package/@acme/tool');
    expect(text).toContain('1.0.0');
    expect(text).not.toMatch(/Waiting|1\.1\.0/);
  }
});

describe('a passkey on the page', () => {
  const origin = 'https://registry.example';

  /** bob, whose only factor is a passkey, logged in with it where passkeys work. */
  async function withPasskey() {
    const registry = await createTestRegistry({ settings: { publicUrl: () => origin } });
    const bob = await registry.signUp('bob');
    const browser = new Browser(async ({ method, url, headers, body }) => {
      const asked = { method, url, headers: { host: 'registry.example', ...headers } };
      const answer = await registry.app.inject({ ...asked, ...(body !== undefined && { payload: body }) });
      return { status: answer.statusCode, headers: answer.headers, text: answer.payload };
    }, origin);
    await browser.submit(await browser.open('/-/web/log-in'), { name: 'bob', password: goodPassword });
    await browser.submit(await browser.open('/-/web/confirm'), { password: goodPassword });
    const key = new SoftwareAuthenticator(origin);
    const page = await browser.open('/-/web/security/passkeys/add');
    await answer(browser, page, (options) => key.create(options as never), { name: 'blue key' });
    expect(registry.sql('select name from passkeys')).toEqual([{ name: 'blue key' }]);
    return { registry, bob, browser, key };
  }

  /** What the script of the page does: asks the passkey, and sends the form with its answer. */
  async function answer(
    browser: Browser,
    page: Page,
    respond: (options: unknown) => unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Page> {
    const text = /data-options="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const options = JSON.parse(text.replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
    const form = page.forms.find(({ fields }) => 'response' in fields);
    const fields = { ...form?.fields, ...more, response: JSON.stringify(respond(options)) };
    const sent = await browser.post(form?.action ?? '', fields, { referer: page.path });
    return sent.status === 303 ? await browser.open(String(sent.headers['location'])) : { ...page, ...sent };
  }

  test('publishes what that page shows; its answer is good for no other, and once', async () => {
    const { registry, bob, browser, key } = await withPasskey();
    const [one, two] = [await staged(bob), await staged(bob, { version: '1.1.0' })];
    const page = await browser.open(`/-/web/staged/${one}`);
    const other = await browser.open(`/-/web/staged/${two}`);
    const swapped = { ...other, text: page.text };
    expect((await answer(browser, swapped, (options) => key.get(options as never))).status).toBe(403);
    expect(registry.sql("select * from releases where state = 'published'")).toEqual([]);
    const again = await browser.open(`/-/web/staged/${one}`);
    const response = { sent: undefined as unknown };
    const respond = (options: unknown) => {
      response.sent ??= key.get(options as never);
      return response.sent;
    };
    expect((await answer(browser, again, respond)).text).toContain('Published');
    expect(registry.sql('select version, factor from releases order by id')).toEqual([
      { version: '1.0.0', factor: 'passkey' },
      { version: '1.1.0', factor: null },
    ]);
    expect((await answer(browser, { ...other, text: again.text }, respond)).status).toBe(403);
  });

  test('that is removed while it answers publishes nothing', async () => {
    const { registry, bob, browser, key } = await withPasskey();
    const page = await browser.open(`/-/web/staged/${await staged(bob)}`);
    const enrolled = registry.sql('select account_id from passkeys')[0].account_id;
    // Another factor is left, so that it is the passkey and not its absence that counts.
    await registry.services.database.write((transaction) =>
      transaction
        .insertInto('totp_factors')
        .values({
          id: 'other',
          account_id: enrolled,
          state: 'active',
          mode: 'auth-only',
          seed: '',
          last_step: 0,
          created_at: 0,
        })
        .execute(),
    );
    registry.sql('create trigger meanwhile after update on passkeys begin delete from passkeys; end');
    const refused = await answer(browser, page, (options) => key.get(options as never));
    expect(refused.status).toBe(403);
    expect(registry.sql('select state from releases')).toEqual([{ state: 'staged' }]);
  });
});
