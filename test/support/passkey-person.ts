import { expect } from 'vitest';
import { type Browser, browserOver, type Page } from '../../registry/test/support/browser-client.ts';
import { SoftwareAuthenticator } from '../../registry/test/support/software-authenticator.ts';
import { type Account, signUp } from './accounts.ts';
import { type Authenticator, authenticator } from './totp.ts';

/**
 * Somebody with a passkey and an authenticator app, in a browser without script: a passkey answers as often as
 * it is asked, where each code would take half a minute.
 */
export interface PasskeyPerson {
  readonly account: Account;
  /** A code of the app. After every second one the person changes to a new app, rather than wait for the clock. */
  code(): Promise<string>;
  /** Approves what the page at that path asks, with the passkey, and gives what it said. */
  approve(path: string): Promise<string>;
}

export async function passkeyPerson(registryUrl: string, name: string): Promise<PasskeyPerson> {
  const account = await signUp(registryUrl, name);
  // Passkeys belong to a name: on loopback to `localhost`, wherever else the registry is reached.
  const origin = `http://localhost:${new URL(registryUrl).port}`;
  const browser = browserOver(origin);
  const key = new SoftwareAuthenticator(origin);
  await browser.submit(await browser.open('/-/web/log-in'), { name, password: account.password });
  const adding = await browser.open('/-/web/security/passkeys/add');
  await answer(browser, adding, { name: 'laptop' }, (options) => key.create(options));
  const proof = await browser.open(appPage);
  await answer(browser, proof, {}, (options) => key.get(options));
  let app = await addApp(browser);
  let codes = 0;
  return {
    account,
    code: async () => {
      if (codes++ % 2 === 1) {
        await browser.submit(await browser.open(appPage), { password: account.password }, removal);
        app = await addApp(browser);
      }
      return await app.nextCode();
    },
    approve: async (path) => {
      const page = await browser.open(path);
      const approved = await answer(browser, page, {}, (options) => key.get(options));
      expect(approved.words).toContain('Approved');
      return page.words;
    },
  };
}

const appPage = '/-/web/security/totp';
const removal = 'Remove the authenticator app';

async function addApp(browser: Browser): Promise<Authenticator> {
  const mode = 'auth-and-writes';
  const scanned = await browser.submit(await browser.open(appPage), { mode }, 'Add an authenticator app');
  const key = /Key: ((?:[A-Z2-7]{4} )+)/.exec(scanned.words)?.[1];
  if (key === undefined) throw new Error(`there is no key on the page: ${scanned.words}`);
  const app = authenticator(key.replaceAll(' ', ''));
  const confirmed = await browser.submit(scanned, { code: await app.nextCode() }, 'Confirm');
  expect(confirmed.words).toContain('Your authenticator app is your second factor now.');
  return app;
}

/** Does what the page's script does: gives the answer of the key to the form that asks for it. */
async function answer(
  browser: Browser,
  page: Page,
  fields: Readonly<Record<string, string>>,
  // biome-ignore lint/suspicious/noExplicitAny: the options of WebAuthn, as the page holds them
  give: (options: any) => unknown,
): Promise<Page> {
  const attribute = /data-options="([^"]*)"/.exec(page.text)?.[1];
  if (attribute === undefined) throw new Error(`no passkey is asked for at ${page.path}: ${page.words}`);
  const options = JSON.parse(
    attribute.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
  );
  const form = page.forms.find((one) => 'response' in one.fields);
  return await browser.submit(page, { ...fields, response: JSON.stringify(give(options)) }, form?.button);
}
