import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { inspect, logOut, openBrowser } from '../support/browser.ts';
import { linkInMail } from '../support/mail-folder.ts';
import { startRegistry } from '../support/servers.ts';
import { authenticator } from '../support/totp.ts';

const password = 'correct horse battery';

const press = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).click();
const text = async (page: Page, selector: string) => (await page.locator(selector).textContent()) ?? '';

test('a person signs up, enrols an app and a passkey, logs in with the passkey alone, and with a recovery code is held', async () => {
  const data = await mkdtemp(join(tmpdir(), 'pub-registry-'));
  await using registry = await startRegistry({ data });
  const url = registry.url.replace('127.0.0.1', 'localhost');
  await using browser = await openBrowser();
  const { page } = browser;

  await page.goto(`${registry.url}/-/web/sign-up`);
  expect(page.url(), 'the address that passkeys work at').toBe(`${url}/-/web/sign-up`);
  await inspect(browser, 'sign-up');
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('E-mail address').fill('alice@example.org');
  await page.getByLabel('Password').fill(password);
  await press(page, 'Create the account');
  await inspect(browser, 'account');

  await page.goto(await linkInMail(data, 'Confirm your e-mail address'));
  await inspect(browser, 'verify');
  await page.getByRole('main').getByRole('button').click();
  await inspect(browser, 'verified');

  await page.goto(`${url}/-/web/security`);
  await inspect(browser, 'security-bare');
  await page.getByRole('link', { name: 'Authenticator app' }).click();
  await inspect(browser, 'totp-begin');
  await press(page, 'Add an authenticator app');
  await inspect(browser, 'totp-confirm');
  const key = await text(page, 'li code');
  const app = authenticator(key.replaceAll(' ', ''));
  await page.getByLabel('The code it shows now').fill(app.wrongCode());
  await press(page, 'Confirm');
  await inspect(browser, 'totp-wrong');
  await page.getByLabel('The code it shows now').fill(await app.nextCode());
  await press(page, 'Confirm');
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  await inspect(browser, 'recovery-codes-new');
  const codes = (await text(page, 'pre')).trim().split('\n');
  expect(codes).toHaveLength(10);
  await page.getByRole('link', { name: 'I have kept them' }).click();

  await page.getByRole('link', { name: 'Passkeys' }).click();
  await inspect(browser, 'passkeys-none');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  // A password proves nothing any more.
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await inspect(browser, 'confirm');
  await page.getByLabel('Code from your authenticator app').fill(await app.nextCode());
  await press(page, 'Confirm');
  await inspect(browser, 'passkey-add');
  await page.getByLabel('Name').fill('laptop');
  await press(page, 'Add a passkey');
  await page.getByRole('link', { name: 'laptop' }).waitFor();
  await inspect(browser, 'passkeys-one');
  await page.getByRole('link', { name: 'laptop' }).click();
  await inspect(browser, 'passkey');

  for (const name of ['sessions', 'tokens', 'tokens/create', 'history', 'recovery-codes', 'totp']) {
    await page.goto(`${url}/-/web/security/${name}`);
    await inspect(browser, name.replace('/', '-'));
  }
  await page.goto(`${url}/-/web/security`);
  await inspect(browser, 'security');

  await logOut(page);
  await page.goto(`${url}/-/web/log-in`);
  await inspect(browser, 'log-in');
  await press(page, 'Log in with a passkey');
  await page.waitForURL(`${url}/-/web/account`);
  await page.goto(`${url}/-/web/security/sessions`);
  expect(await text(page, 'main')).toContain('with passkey');
  await logOut(page);

  await page.goto(`${url}/-/web/log-in?return=/-/web/security`);
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill(password);
  await press(page, 'Log in');
  await page.getByLabel('recovery code').waitFor();
  await inspect(browser, 'log-in-factor');
  await page.getByLabel('recovery code').fill(codes[0] ?? '');
  await press(page, 'Continue');
  await page.getByRole('link', { name: 'I have kept it' }).waitFor();
  await inspect(browser, 'recovery-code-replaced');
  await page.getByRole('link', { name: 'I have kept it' }).click();
  await page.waitForURL(`${url}/-/web/security`);
  expect(await text(page, 'main')).toContain('can publish and change nothing until');
  await inspect(browser, 'held');
  await page.getByRole('link', { name: 'Recovery codes' }).click();
  await page.getByText('was recovered and can change nothing').waitFor();
  await inspect(browser, 'refused');

  expect(browser.complaints).toEqual([]);
  await rm(data, { recursive: true, force: true });
});
