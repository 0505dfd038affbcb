import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Account, enrol, signUp } from './accounts.ts';
import { openBrowser, type TestBrowser } from './browser.ts';
import type { Authenticator } from './totp.ts';

/** What an approval page says it is about. */
export interface Asked {
  readonly heading: string;
  /** Its list of facts, such as `Package`, by name. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Somebody who sits in front of a browser, logged in to the registry's pages, with one kind of second factor. */
export interface BrowserPerson extends AsyncDisposable {
  readonly account: Account;
  readonly browser: TestBrowser;
  /** Opens the address a program printed, and reads the page. */
  read(pageUrl: string): Promise<Asked>;
  /** Approves what the open page shows, with their factor. */
  approve(): Promise<void>;
  deny(): Promise<void>;
}

export async function personInBrowser(
  registryUrl: string,
  name: string,
  factor: 'passkey' | 'app',
): Promise<BrowserPerson> {
  const account = await signUp(registryUrl, name);
  const browser = await openBrowser();
  const { page } = browser;
  await logIn(page, registryUrl, account);
  if (factor === 'passkey') await addPasskey(page, registryUrl);
  const app =
    factor === 'app' ? (await enrol(registryUrl, account, 'auth-and-writes')).authenticator : undefined;
  return {
    account,
    browser,
    read: (pageUrl) => read(page, pageUrl),
    approve: () => approve(page, app),
    deny: async () => {
      await page.getByRole('button', { name: 'Deny' }).click();
      await page.getByRole('heading', { name: 'Denied' }).waitFor();
    },
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}

async function logIn(page: Page, registryUrl: string, { name, password }: Account): Promise<void> {
  await page.goto(`${registryUrl}/-/web/log-in`);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in', exact: true }).click();
  await page.waitForURL('**/-/web/account');
}

async function addPasskey(page: Page, registryUrl: string): Promise<void> {
  await page.goto(`${registryUrl}/-/web/security/passkeys/add`);
  await page.getByLabel('Name').fill('laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
}

async function read(page: Page, pageUrl: string): Promise<Asked> {
  await page.goto(pageUrl);
  const facts = page.locator('dl.facts');
  const names = await facts.locator('dt').allTextContents();
  const values = await facts.locator('dd').allTextContents();
  return {
    heading: (await page.locator('h1').textContent()) ?? '',
    facts: Object.fromEntries(names.map((name, index) => [name, values[index]?.trim() ?? ''])),
  };
}

async function approve(page: Page, app: Authenticator | undefined): Promise<void> {
  if (app === undefined) {
    await page.getByRole('button', { name: 'Approve with a passkey' }).click();
  } else {
    await page.getByLabel('Code from your authenticator app').fill(await app.nextCode());
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
  }
  await page.getByRole('heading', { name: 'Approved' }).waitFor();
  expect(page.url()).toContain('/-/web/approve/');
}
