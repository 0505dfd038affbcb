import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { type Client, npm11, npm12, npmrc } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { authenticator } from '../support/totp.ts';

/** The real npm in a real terminal, where it asks a person. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

class Person {
  readonly #home: FreshHome;
  readonly #client: Client;
  readonly #folder: string;

  constructor(home: FreshHome, client: Client, folder: string) {
    this.#home = home;
    this.#client = client;
    this.#folder = folder;
  }

  /** Runs npm in a terminal to its end and gives all that was to be seen. */
  async npm(args: readonly string[], answers: (at: TerminalWindow) => Promise<unknown>): Promise<string> {
    const env = { ...this.#home.env, npm_config_update_notifier: 'false', npm_config_progress: 'false' };
    const options = { env, cwd: this.#folder, columns: 120 };
    await using terminal = await openTerminal([...this.#client.command, ...args], options);
    await answers(terminal);
    const exitCode = await terminal.exitCode();
    const screen = await terminal.screen();
    expect(exitCode, screen).toBe(0);
    return screen;
  }

  async token(): Promise<string | undefined> {
    const settings = await readFile(join(this.#home.path, '.npmrc'), 'utf8');
    return /:_authToken="?([^"\n]+)/.exec(settings)?.[1];
  }
}

async function answer(terminal: TerminalWindow, question: string | RegExp, text: string): Promise<void> {
  await terminal.waitFor(question);
  await terminal.type(text);
  await terminal.press('Enter');
}

function logIn(person: Person, name: string, password: string, code?: string): Promise<string> {
  return person.npm(['login', '--auth-type=legacy'], async (terminal) => {
    await answer(terminal, /username:/i, name);
    await answer(terminal, /password:/i, password);
    if (code !== undefined) await answer(terminal, 'Enter OTP:', code);
    await terminal.waitFor('Logged in on');
  });
}

/** Gives what the person has afterwards: an app and recovery codes. */
async function enable(person: Person, password: string) {
  let app = authenticator('');
  const screen = await person.npm(['profile', 'enable-2fa', 'auth-and-writes'], async (terminal) => {
    await answer(terminal, 'npm password:', password);
    const shown = await terminal.waitFor(/Or enter code:\s*[A-Z2-7]{16,}/);
    app = authenticator(/Or enter code:\s*([A-Z2-7]+)/.exec(shown)?.[1] as string);
    await answer(terminal, 'code from your authenticator', await app.nextCode());
    await terminal.waitFor('2FA successfully enabled');
  });
  const recoveryCodes =
    screen.slice(screen.indexOf('2FA successfully enabled')).match(/^\s+[\d ]{8,}$/gm) ?? [];
  return { app, recoveryCodes: recoveryCodes.map((code) => code.trim()) };
}

async function answersTo(token: string | undefined): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${registry.url}/-/whoami`, { headers })).status;
}

test.each([
  ['npm 11', 'eleven', npm11],
  ['npm 12', 'twelve', npm12],
])(
  '%s: log in, enrol, publish with the code it asks for, log out, come back with a recovery code',
  async (_, name, client) => {
    await using home = await freshHome();
    await home.file('.npmrc', npmrc(registry.url));
    await home.file('tool/package.json', JSON.stringify({ name: `tool-of-${name}`, version: '1.0.0' }));
    const person = new Person(home, client(home), join(home.path, 'tool'));
    const { password } = await signUp(registry.url, name);

    await logIn(person, name, password);
    const { app, recoveryCodes } = await enable(person, password);
    expect(recoveryCodes.length).toBeGreaterThanOrEqual(5);

    // Otherwise it sends the person to a browser: that story is told in test/browser.
    const published = await person.npm(['publish', '--auth-type=legacy'], async (terminal) => {
      await answer(terminal, 'Enter OTP:', await app.nextCode());
      await terminal.waitFor(`+ tool-of-${name}@1.0.0`);
    });
    expect(published).toContain('one-time password');

    const token = await person.token();
    expect(await answersTo(token)).toBe(200);
    await client(home).succeed(['logout']);
    expect(await answersTo(token)).toBe(401);

    await logIn(person, name, password, recoveryCodes[0]);
    expect(await answersTo(await person.token())).toBe(200);
  },
);

test('npm 11 creates an account', async () => {
  await using home = await freshHome();
  await home.file('.npmrc', npmrc(registry.url));
  const person = new Person(home, npm11(home), home.path);
  await person.npm(['adduser', '--auth-type=legacy'], async (terminal) => {
    await answer(terminal, /username:/i, 'newcomer');
    await answer(terminal, /password:/i, 'a password that is long enough');
    await answer(terminal, /email.*:/i, 'newcomer@registry.example');
    await terminal.waitFor('Logged in on');
  });
  expect((await npm11(home).succeed(['whoami'])).stdout).toBe('newcomer\n');
});
