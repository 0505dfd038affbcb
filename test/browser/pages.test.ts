import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type Account, signUp } from '../support/accounts.ts';
import { npmArchive, sha256 } from '../support/archives.ts';
import { inspect, logOut, openBrowser } from '../support/browser.ts';
import { startRegistry } from '../support/servers.ts';

const press = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).click();
const text = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? '';

const readme = `# tool

Does *one* thing. [Elsewhere](https://site.example/)

| a | b |
|-|-|
| a long cell with a word that does not break: ${'x'.repeat(60)} | 2 |

\`\`\`js
import { tool } from '@acme/tool'; // ${'a long line '.repeat(12)}
\`\`\`

<script>document.title = 'run'</script> <img src=x onerror="document.title = 'run'">
`;

interface Upload {
  readonly version: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly otp?: string;
  readonly stage?: true;
}

/** Sends a release as a program does that can send its user to a browser. */
async function upload(url: string, { token }: Account, { version, files = {}, otp, stage }: Upload) {
  const archive = npmArchive({ name: '@acme/tool', version }, files);
  const query = stage ? '?stage=true' : '';
  const answer = await fetch(`${url}/-/pub/v1/releases/npm/@acme%2ftool/${version}${query}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      'content-digest': `sha-256=:${sha256(archive, 'base64')}:`,
      'npm-auth-type': 'web',
      'user-agent': 'a program',
      ...(otp === undefined ? {} : { 'npm-otp': otp }),
    },
    body: archive,
  });
  const body = (await answer.json()) as {
    readonly authUrl: string;
    readonly doneUrl: string;
    readonly page_url: string;
  };
  return { status: answer.status, digest: sha256(archive), ...body };
}

test('a release is approved with a passkey, for exactly its bytes, and the pages about it are for everybody', async () => {
  await using registry = await startRegistry();
  const url = `http://localhost:${registry.port}`;
  await using browser = await openBrowser();
  const { page } = browser;
  const alice = await signUp(registry.url, 'alice');

  await page.goto(`${url}/`);
  await inspect(browser, 'front-empty');
  await page.goto(`${url}/-/web/security/passkeys/add`);
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill(alice.password);
  await press(page, 'Log in');
  await page.getByLabel('Name').fill('laptop');
  await press(page, 'Add a passkey');
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();

  const files = { 'README.md': readme };
  const asked = await upload(registry.url, alice, { version: '1.0.0', files });
  expect(asked.status).toBe(401);
  await page.goto(asked.authUrl);
  await inspect(browser, 'approve');
  const shown = (await text(page, 'main')).replaceAll(/\s/g, '');
  for (const what of ['@acme/tool', '1.0.0', asked.digest, 'aprogram']) expect(shown).toContain(what);
  await press(page, 'Approve with a passkey');
  await page.getByText('The program goes on by itself.').waitFor();
  await inspect(browser, 'approved');
  await page.goto(asked.authUrl);
  await inspect(browser, 'approved-before');

  const { token: otp } = (await (await fetch(asked.doneUrl)).json()) as { readonly token: string };
  const other = await upload(registry.url, alice, { version: '1.0.0', files: { 'README.md': 'other' }, otp });
  expect(other.status, 'the same proof for other bytes').toBe(401);
  expect((await upload(registry.url, alice, { version: '1.0.0', files, otp })).status).toBe(201);

  const places = {
    front: '/',
    search: '/-/web/search?q=tool',
    'search-nothing': '/-/web/search?q=nobody',
    package: '/-/web/package/@acme/tool',
    missing: '/-/web/package/nobody',
    nothing: '/-/web/nothing/here',
    invitations: '/-/web/invitations',
  };
  for (const [name, path] of Object.entries(places)) {
    await page.goto(url + path);
    await inspect(browser, name);
    expect(await page.title()).not.toBe('run');
  }

  const waiting = await upload(registry.url, alice, { version: '1.1.0', files, stage: true });
  expect(waiting.status).toBe(202);
  await page.goto(`${url}/-/web/package/@acme/tool`);
  await inspect(browser, 'package-waiting');
  await page.goto(waiting.page_url);
  await inspect(browser, 'staged');
  expect((await text(page, 'main')).replaceAll(/\s/g, '')).toContain(waiting.digest);
  await press(page, 'Approve with a passkey');
  await page.getByText('It is public from now on').waitFor();
  await inspect(browser, 'staged-published');

  await page.goto(`${url}/-/web/security/tokens/create`);
  await inspect(browser, 'confirm-passkey');
  await press(page, 'Use a passkey');
  await page.getByLabel('Name').fill('ci');
  await page.getByLabel('publish releases').check();
  await press(page, 'Make the token');
  await inspect(browser, 'token-new');
  await page.getByRole('link', { name: 'I have copied it' }).click();
  await inspect(browser, 'tokens-some');
  for (const name of ['password', 'email']) {
    await page.goto(`${url}/-/web/account/${name}`);
    await inspect(browser, name);
  }

  await logOut(page);
  await page.goto(`${url}/-/web/password/forgotten`);
  await inspect(browser, 'forgotten');
  expect(browser.complaints).toEqual([]);
});
