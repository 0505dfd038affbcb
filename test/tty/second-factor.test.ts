import { renderUnicodeCompact } from 'uqr';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, signUp } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { program } from '../support/tools.ts';
import { type Authenticator, authenticator } from '../support/totp.ts';

/** Enrolling an authenticator app, in front of a terminal. */
const lacking = program('tmux');
if (process.env['CI'] && lacking !== undefined) throw new Error(lacking);

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Person {
  readonly account: Account;
  readonly home: FreshHome;
  readonly env: Readonly<Record<string, string>>;
}

async function person(name: string): Promise<Person> {
  const [home, account] = await Promise.all([freshHome(), signUp(registry.url, name)]);
  opened.push(home);
  const { NO_COLOR: _, ...env } = home.env;
  return { account, home, env: { ...env, PUB_TOKEN: account.token, PUB_REGISTRY: registry.url } };
}

async function enable(someone: Person, columns = 80): Promise<TerminalWindow> {
  const { env, home } = someone;
  const window = await openTerminal([pinnedNode, builtClient, '2fa', 'enable'], {
    env,
    cwd: home.path,
    columns,
  });
  opened.push(window);
  await window.waitFor('? password of your account');
  await answer(window, someone.account.password);
  return window;
}

async function answer(window: TerminalWindow, text: string): Promise<void> {
  await window.type(text);
  await window.press('Enter');
}

const secretShown = /^secret {2}([A-Z2-7]{16,})$/m;

async function appOf(
  window: TerminalWindow,
): Promise<{ readonly secret: string; readonly app: Authenticator }> {
  const secret = secretShown.exec(await window.waitFor(/\? one-time password/))?.[1] ?? '';
  return { secret, app: authenticator(secret) };
}

async function mode(someone: Person): Promise<string> {
  return (await pub(someone.home).succeed(['2fa', 'status'], { env: { ...someone.env } })).stdout.trim();
}

/** What the registry hands out, read from another account: only name and secret differ. */
async function otpauthFor(someone: Person, secret: string): Promise<string> {
  const other = await person(`other-${someone.account.name}`);
  const { stdout } = await pub(other.home).succeed(['2fa', 'enable', '--password-stdin'], {
    env: { ...other.env },
    input: other.account.password,
  });
  const uri = stdout.trim();
  const othersSecret = new URL(uri).searchParams.get('secret') ?? '';
  return uri.replace(othersSecret, secret).replaceAll(other.account.name, someone.account.name);
}

function blocks(screen: string): string[] {
  return screen.split('\n').filter((line) => /^[█▀▄ ]{20,}$/.test(line));
}

describe.skipIf(lacking !== undefined)('pub 2fa enable', () => {
  test('draws the code to scan, shows the secret, takes a code, and gives recovery codes once', async () => {
    const ann = await person('ann');
    const window = await enable(ann);
    const { secret, app } = await appOf(window);
    const drawn = blocks(await window.screen());
    expect(drawn).toEqual(renderUnicodeCompact(await otpauthFor(ann, secret), { border: 2 }).split('\n'));
    // Not left to the colours of the terminal: on a light one it would be drawn inside out.
    expect(await window.coloredScreen()).toContain('\u001b[97m\u001b[40m█');

    const code = await app.nextCode();
    await answer(window, code);
    expect(await window.exitCode()).toBe(0);
    const screen = await window.screen();
    expect(screen.match(/^\d{8,}$/gm)).toHaveLength(10);
    expect(screen).not.toContain(ann.account.password);
    expect(screen).not.toContain(code);
    expect(
      screen
        .slice(screen.indexOf('Enabled'))
        .replace(/^\d{8,}$\n?/gm, '')
        .replace(/Pane is dead.*/, '')
        .trim(),
    ).toMatchInlineSnapshot(`
      "Enabled the second factor
      Each of these recovery codes logs you in once without your device. A registry may hold the account
      for some days after that, so that you hear of it. They are shown only now: keep them where your
      device is not."
    `);
    expect(await mode(ann)).toBe('auth-and-writes');
  });

  test('a wrong code is asked for again, and protects nothing yet', async () => {
    const bob = await person('bob');
    const window = await enable(bob);
    const { app } = await appOf(window);
    await answer(window, app.wrongCode());
    await window.waitFor(/warning: that code was not accepted[^?]*\n\? one-time password/);
    expect(await mode(bob)).toBe('disabled');
    await answer(window, await app.nextCode());
    expect(await window.exitCode()).toBe(0);
    expect(await mode(bob)).toBe('auth-and-writes');
  });

  test('three wrong codes end it, with the way to go on', async () => {
    const cyd = await person('cyd');
    const window = await enable(cyd);
    const { app } = await appOf(window);
    for (const attempt of [1, 2, 3]) {
      await window.waitFor(new RegExp(`(one-time password[^]*){${attempt}}$`));
      await answer(window, app.wrongCode());
    }
    expect(await window.exitCode()).toBe(1);
    expect(await window.screen()).toContain('then run `pub 2fa confirm`');
    expect(await mode(cyd)).toBe('disabled');
  });

  test('Ctrl-C before the code changes nothing', async () => {
    const dan = await person('dan');
    const window = await enable(dan, 60);
    await appOf(window);
    expect(Math.max(...blocks(await window.screen()).map((line) => line.length))).toBeLessThan(60);
    await window.press('C-c');
    expect(await window.exitCode()).toBe(130);
    expect(await mode(dan)).toBe('disabled');
  });
});
