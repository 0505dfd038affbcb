import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { inspect, logOut, openBrowser } from '../support/browser.ts';
import { linkInMail } from '../support/mail-folder.ts';
import { startRegistry } from '../support/servers.ts';

const [first, second, third] = ['correct horse battery', 'wrong donkey charger', 'a third long sentence'];

/** The outbox is looked at every two seconds. */
const patience = { timeout: 15_000 };

const press = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).click();

async function fillNew(page: Page, password: string): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password, once more').fill(password);
}

async function logIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill(password);
  await press(page, 'Log in');
}

test('a person moves their mail, forgets a password twice, and sets it by the link, then by link and passkey', async () => {
  const data = await mkdtemp(join(tmpdir(), 'pub-registry-'));
  await using registry = await startRegistry({ data });
  const url = registry.url.replace('127.0.0.1', 'localhost');
  await using browser = await openBrowser();
  const { page } = browser;

  await page.goto(`${url}/-/web/sign-up`);
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('E-mail address').fill('alice@example.org');
  await page.getByLabel('Password').fill(first);
  await press(page, 'Create the account');
  await page.getByRole('link', { name: 'E-mail address' }).click();
  await inspect(browser, 'email');
  await page.getByLabel('New address').fill('liddell@example.org');
  await press(page, 'Change the address');
  await page.getByText('A link went to liddell@example.org').waitFor();
  await inspect(browser, 'email-waiting');
  await expect
    .poll(async () => (await page.goto(await linkInMail(data, 'Confirm')))?.status(), patience)
    .toBe(200);
  await press(page, 'Confirm the address');
  await page.getByText('Mail about the account goes to liddell@example.org').waitFor();

  await logOut(page);
  await page.goto(`${url}/-/web/log-in`);
  await page.getByRole('link', { name: 'I have forgotten my password' }).click();
  await inspect(browser, 'forgotten');
  await page.getByLabel('User name or e-mail address').fill('liddell@example.org');
  await press(page, 'Send the link');
  await inspect(browser, 'forgotten-sent');
  await page.goto(await linkInMail(data, 'Set a new password'));
  await inspect(browser, 'reset');
  await fillNew(page, 'password password');
  await press(page, 'Set the password');
  await page.getByRole('alert').waitFor();
  await inspect(browser, 'reset-refused');
  await fillNew(page, second);
  await press(page, 'Set the password');
  await inspect(browser, 'reset-done');
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
  await logIn(page, second);
  await page.waitForURL(`${url}/-/web/account`);

  await page.goto(`${url}/-/web/security/passkeys/add`);
  await page.getByLabel('Name').fill('laptop');
  await press(page, 'Add a passkey');
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  await page.goto(`${url}/-/web/account/password`);
  await press(page, 'Use a passkey');
  await page.getByLabel('Password so far').fill(second);
  await inspect(browser, 'password');
  await fillNew(page, first);
  await press(page, 'Change the password');
  await page.getByText('All other sessions').waitFor();
  await inspect(browser, 'password-changed');

  await logOut(page);
  const earlier = await linkInMail(data, 'Set a new password');
  await page.goto(`${url}/-/web/password/forgotten`);
  await page.getByLabel('User name or e-mail address').fill('alice');
  await press(page, 'Send the link');
  await expect.poll(() => linkInMail(data, 'Set a new password'), patience).not.toBe(earlier);
  await page.goto(await linkInMail(data, 'Set a new password'));
  await inspect(browser, 'reset-passkey');
  await fillNew(page, third);
  await press(page, 'Set the password with a passkey');
  await page.getByText('All sessions and tokens').waitFor();
  await page.goto(`${url}/-/web/log-in`);
  await logIn(page, third);
  await page.getByRole('heading', { name: 'Your second factor' }).waitFor();

  expect(browser.complaints).toEqual([]);
  await rm(data, { recursive: true, force: true });
});
