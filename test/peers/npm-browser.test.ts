import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, browserOver, type Page } from '../../registry/test/support/browser-client.ts';
import { type AccountWithFactor, signUpWithFactor } from '../support/accounts.ts';
import { npm11, npm12, npmrc } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal } from '../support/tmux.ts';

/** The real npm, which waits in its terminal while a person approves in a browser without script. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

async function browserOf(account: AccountWithFactor): Promise<Browser> {
  const browser = browserOver(`http://localhost:${registry.port}`);
  const form = await browser.open('/-/web/log-in');
  const factor = await browser.submit(form, { name: account.name, password: account.password });
  const page = await browser.submit(factor, { code: await account.authenticator.nextCode() });
  expect(page.path).toBe('/-/web/account');
  return browser;
}

async function approve(browser: Browser, page: Page, account: AccountWithFactor): Promise<void> {
  const answer = await browser.submit(page, { code: await account.authenticator.nextCode() }, 'Approve');
  expect(answer.words).toContain('The program goes on by itself.');
}

const pageAddress = /http:\/\/127\.0\.0\.1:\d+(\/-\/web\/approve\/[\w-]{43})/;

test.concurrent.each([
  ['npm 11', 'eleven', npm11],
  ['npm 12', 'twelve', npm12],
])('%s logs in and publishes once its person has approved that in a browser', async (_, name, client) => {
  await using home = await freshHome();
  await home.file('.npmrc', npmrc(registry.url));
  await home.file('tool/package.json', JSON.stringify({ name: `tool-of-${name}`, version: '1.0.0' }));
  const account = await signUpWithFactor(registry.url, name);
  const browser = await browserOf(account);
  const npm = client(home);
  /** Runs npm until it shows the address of a page, lets the person decide there, and waits for it to end. */
  const run = async (args: readonly string[], decide: (page: Page) => Promise<unknown>) => {
    const env = { ...home.env, npm_config_update_notifier: 'false', npm_config_progress: 'false' };
    const options = { env, cwd: join(home.path, 'tool'), columns: 140 };
    await using terminal = await openTerminal([...npm.command, ...args], options);
    const path = pageAddress.exec(await terminal.waitFor(pageAddress))?.[1] as string;
    await decide(await browser.open(path));
    const exitCode = await terminal.exitCode();
    return { exitCode, screen: await terminal.screen() };
  };

  const login = await run(['login'], async (page) => {
    expect(page.words).toContain(`Log in a program as ${name}?`);
    expect(page.words).toContain(`Program ${client === npm11 ? 'npm/11' : 'npm/12'}`);
    await approve(browser, page, account);
  });
  expect(login.exitCode, login.screen).toBe(0);
  expect((await npm.succeed(['whoami'])).stdout).toBe(`${name}\n`);

  const denied = await run(['publish'], (page) => browser.submit(page, {}, 'Deny'));
  expect(denied.exitCode, denied.screen).toBe(1);
  expect((await fetch(`${registry.url}/tool-of-${name}`)).status).toBe(404);

  let shown = '';
  const published = await run(['publish'], async (page) => {
    shown = page.words;
    await approve(browser, page, account);
  });
  expect(published.exitCode, published.screen).toBe(0);
  const archive = await fetch(`${registry.url}/tool-of-${name}/-/tool-of-${name}-1.0.0.tgz`);
  const digest = createHash('sha256')
    .update(Buffer.from(await archive.arrayBuffer()))
    .digest('hex');
  expect(shown).toContain(`Publish tool-of-${name}@1.0.0?`);
  expect(shown.replaceAll(/(?<=[0-9a-f]{8}) /g, '')).toContain(digest);
  const page = await browser.open(`/-/web/package/tool-of-${name}`);
  expect(page.words).toMatch(new RegExp(`1\\.0\\.0 \\S+ ${name} one-time password`));
});
