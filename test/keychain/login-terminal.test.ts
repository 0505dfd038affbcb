import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { signUp, signUpWithFactor } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';

/** Logging in as a person does it: at a terminal, with a keychain. */
let registry: RunningServer;
let keyring: Keyring;
beforeAll(async () => {
  registry = await startRegistry();
  keyring = await startKeyring({ state: 'unlocked' });
  const args = ['registry', 'add', 'local', registry.url, '--default'];
  await pub(keyring.home).succeed(args, { env: { ...keyring.environment } });
});
afterAll(async () => {
  await keyring.stop();
  await registry.stop();
});

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

async function logIn(...options: string[]): Promise<TerminalWindow> {
  const command = [pinnedNode, builtClient, 'login', ...options];
  const window = await openTerminal(command, { env: keyring.environment, cwd: keyring.home.path });
  opened.push(window);
  return window;
}

async function answer(window: TerminalWindow, question: string | RegExp, text: string): Promise<void> {
  await window.waitFor(question);
  await window.type(text);
  await window.press('Enter');
}

async function stored(name: string): Promise<string | undefined> {
  return await keyring.lookUp(`pub:${registry.url}`, name);
}

async function shown(window: TerminalWindow): Promise<string> {
  const screen = await window.screen();
  return screen
    .replaceAll(registry.url, '<registry>')
    .replace(/Pane is dead.*/, '')
    .trimEnd();
}

test('a login by name asks for the password, and shows neither the password nor the token', async () => {
  const { password } = await signUp(registry.url, 'alice');
  const window = await logIn('--username', 'alice');
  await answer(window, '? password', password);
  expect(await window.exitCode()).toBe(0);
  const screen = await shown(window);
  expect(screen).toMatchInlineSnapshot(`
    "✔ password
       Logged in as alice at <registry>
          Stored the token in the keychain of this computer"
  `);
  expect(screen).not.toContain(password);
  expect(await stored('alice')).toMatch(/^pub_/);
});

test('a sign-up asks for the password twice, and logs in', async () => {
  const window = await logIn('--sign-up');
  await answer(window, '? user name', 'newcomer');
  await answer(window, '? e-mail address', 'newcomer@registry.example');
  await answer(window, '? password', 'a password that is long enough');
  await answer(window, '? password, once more', 'a password that is long enough');
  expect(await window.exitCode()).toBe(0);
  const screen = await shown(window);
  expect(screen).not.toContain('long enough');
  expect(screen).toMatch(/ Logged in as newcomer at <registry>\n +Stored the token in the keychain/);
  expect(await stored('newcomer')).toMatch(/^pub_/);
});

test('two passwords that differ send nothing', async () => {
  const window = await logIn('--sign-up', '--username', 'mistaken', '--email', 'm@registry.example');
  await answer(window, '? password', 'a password that is long enough');
  await answer(window, '? password, once more', 'a password that is longer');
  expect(await window.exitCode()).toBe(2);
  expect(await shown(window)).toContain('error: the two passwords differ');
  expect((await fetch(`${registry.url}/-/user/org.couchdb.user:mistaken`)).ok).toBe(false);
});

test('an account with a second factor is asked for its code as well', async () => {
  const { password, authenticator } = await signUpWithFactor(registry.url, 'carol', 'auth-only');
  const window = await logIn('--username', 'carol');
  await answer(window, '? password', password);
  const code = await authenticator.nextCode();
  await answer(window, '? one-time password', code);
  expect(await window.exitCode()).toBe(0);
  expect(await window.screen()).not.toContain(code);
  expect(await stored('carol')).toMatch(/^pub_/);
});

test('a wrong password is refused, and what was in the keychain stays', async () => {
  await signUp(registry.url, 'dave');
  const before = await stored('carol');
  expect(before).toMatch(/^pub_/);
  const window = await logIn('--username', 'dave');
  await answer(window, '? password', 'not the password of dave');
  expect(await window.exitCode()).toBe(1);
  expect(await shown(window)).toContain('hint: check the user name and the password');
  expect(await stored('carol')).toBe(before);
  expect(await stored('dave')).toBeUndefined();
});
