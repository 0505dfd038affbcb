import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, signUp } from '../support/accounts.ts';
import { auditEvents } from '../support/audit.ts';
import { type CommandOptions, pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type Keyring, type KeyringOptions, startKeyring } from '../support/keyring.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import type { Finished } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { timed } from '../support/stopwatch.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { filesHolding } from '../support/token-traces.ts';

/** The built programs, a real keyring and a real registry: what becomes of a token from login to logout. */
let data: string;
let registry: RunningServer;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pub-registry-'));
  registry = await startRegistry({ data });
});
afterAll(async () => {
  await registry.stop();
  await rm(data, { recursive: true, force: true });
});

const opened: AsyncDisposable[] = [];
async function closeAll(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
}

/** Milliseconds after which a command counts as hanging. They aim at 3 s on a machine that does nothing else. */
const hangs = 5_000;

interface Person {
  readonly account: Account;
  readonly keyring: Keyring;
  pub(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** Gives the token, as a person finds it. */
  logIn(): Promise<string>;
  stored(): Promise<string | undefined>;
}

let people = 0;

/** Somebody new, with an account at the registry, which is the default one of `pub`. */
async function person(options: KeyringOptions): Promise<Person> {
  people += 1;
  const account = await signUp(registry.url, `person-${people}`);
  const keyring = await startKeyring(options);
  opened.push(keyring);
  const client = pub(keyring.home);
  const inSession = ({ env, ...rest }: CommandOptions = {}): CommandOptions => ({
    ...rest,
    env: { ...keyring.environment, ...env },
  });
  await client.succeed(['registry', 'add', 'local', registry.url, '--default'], inSession());
  await keyring.home.file(
    'project/package.json',
    JSON.stringify({ name: `by-${account.name}`, version: '1.0.0' }),
  );
  const stored = () => keyring.lookUp(`pub:${registry.url}`, account.name);
  return {
    account,
    keyring,
    stored,
    pub: (args, more) => client.run(args, inSession(more)),
    logIn: async () => {
      const args = ['login', '--username', account.name, '--password-stdin'];
      await client.succeed(args, inSession({ input: account.password }));
      const token = await stored();
      if (token === undefined) throw new Error('the login left nothing in the keychain');
      return token;
    },
  };
}

async function answersTo(token: string): Promise<number> {
  return (await fetch(`${registry.url}/-/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;
}

async function isPublic(name: string): Promise<boolean> {
  return (await fetch(`${registry.url}/${name}`)).status === 200;
}

async function logins(name: string): Promise<number> {
  return (await auditEvents(data)).filter(({ tag, actor }) => tag === 'account:login' && actor === name)
    .length;
}

/** The processes that speak to the keychain of this person, and should be gone. */
async function childrenOf({ keyring }: Person): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = processes.map(async (id) => [
    await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
    await readFile(`/proc/${id}/environ`, 'utf8').catch(() => ''),
  ]);
  return (await Promise.all(texts))
    .filter(([line, env]) => line?.includes('keychain-child') && env?.includes(`HOME=${keyring.home.path}\0`))
    .map(([line]) => line ?? '');
}

describe('with an unlocked keyring', () => {
  afterEach(closeAll);

  test('a token goes into the keychain, is used from there, and into no file', async () => {
    const alice = await person({ state: 'unlocked' });
    const { home } = alice.keyring;
    const loggedIn = await alice.pub(['login', '--username', alice.account.name, '--password-stdin'], {
      input: `${alice.account.password}\n`,
    });
    expect(loggedIn).toMatchObject({ code: 0, stdout: '' });
    const token = await alice.stored();
    expect(token).toMatch(/^pub_/);
    if (token === undefined) return;
    expect(loggedIn.stderr).not.toContain(token);

    const { code, stdout } = await alice.pub(['whoami']);
    expect([code, stdout]).toEqual([0, `${alice.account.name}\n`]);
    const published = await alice.pub(['publish'], { cwd: join(home.path, 'project') });
    expect(published).toMatchObject({ code: 0, stdout: `+ by-${alice.account.name}@1.0.0\n` });
    expect(published.stderr).toContain(`account   ${alice.account.name} (the keychain)`);

    // Everything a program here may write lies below it: HOME, TMPDIR and the XDG folders.
    expect(await filesHolding(home.path, token)).toEqual([]);
    expect(await filesHolding(home.path, alice.account.password)).toEqual([]);
    const clear = await home.file('clear.txt', `a note: ${Buffer.from(`x${token}`).toString('base64')}`);
    expect(await filesHolding(home.path, token)).toEqual([clear]);
  });

  test('logging in again replaces the token, and says that the earlier one lives on', async () => {
    const alice = await person({ state: 'unlocked' });
    const first = await alice.logIn();
    const again = await alice.pub(['login', '--username', alice.account.name, '--password-stdin'], {
      input: alice.account.password,
    });
    expect(again.stderr).toContain('The token kept before was replaced.');
    const second = await alice.stored();
    expect(second).not.toBe(first);
    expect(await answersTo(second ?? '')).toBe(200);
  });

  test('logging out ends the token at the registry, and erases it here', async () => {
    const alice = await person({ state: 'unlocked' });
    const token = await alice.logIn();
    const { code, stderr } = await alice.pub(['logout']);
    expect([code, stderr.replace(registry.url, '<registry>')]).toMatchInlineSnapshot(`
      [
        0,
        "      Erased the token from the keychain of this computer
        Logged out from <registry>
      ",
      ]
    `);
    expect(await answersTo(token)).toBe(401);
    expect(await alice.stored()).toBeUndefined();
    expect(await alice.pub(['whoami'])).toMatchObject({ code: 4, stdout: '' });
    expect((await alice.pub(['logout'])).code).toBe(4);
  });

  test('logging out while the registry is down erases the token, and says that it is still valid', async () => {
    await using down = await startRegistry();
    const alice = await person({ state: 'unlocked' });
    const bob = await signUp(down.url, 'bob');
    const args = ['login', '--registry', down.url, '--token-stdin'];
    expect(await alice.pub(args, { input: bob.token })).toMatchObject({ code: 0 });
    expect(await alice.keyring.lookUp(`pub:${down.url}`, 'bob')).toBe(bob.token);
    await down.stop();
    const { code, stdout, stderr } = await alice.pub(['logout', '--registry', down.url]);
    expect([
      code,
      stdout,
      stderr.replaceAll(down.url, '<registry>').replaceAll(/:\d+/g, ':<port>'),
    ]).toMatchInlineSnapshot(`
      [
        1,
        "",
        "      Erased the token from the keychain of this computer
      error: the token was erased here, but <registry> did not revoke it: it is still valid
      caused by: 127.0.0.1:<port> refuses the connection
      caused by: connect ECONNREFUSED 127.0.0.1:<port>
      hint: whoever has a copy can use it until it expires: revoke it on the registry’s own pages or ask its operator
      ",
      ]
    `);
    expect(await alice.keyring.lookUp(`pub:${down.url}`, 'bob')).toBeUndefined();
    expect(stderr).not.toContain(bob.token);
  });

  test('a token the registry has revoked is erased without a complaint', async () => {
    const alice = await person({ state: 'unlocked' });
    const token = await alice.logIn();
    await fetch(`${registry.url}/-/pub/v1/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await alice.pub(['whoami'])).code).toBe(4);
    expect((await alice.pub(['logout'])).code).toBe(0);
    expect(await alice.stored()).toBeUndefined();
  });
});

type Fault = 'locked' | 'absent' | 'frozen' | 'no bus';

/** Somebody who logged in while all was well, and what the next commands find. */
async function afterwards(fault: Fault): Promise<Person & { readonly token: string }> {
  const alice = await person({ state: 'unlocked' });
  const token = await alice.logIn();
  if (fault === 'locked' || fault === 'frozen') await alice.keyring.become(fault);
  const address = await addressOf(fault);
  const env = address === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: address };
  return {
    ...alice,
    token,
    pub: (args, options = {}) => alice.pub(args, { ...options, env: { ...options.env, ...env } }),
  };
}

async function addressOf(fault: Fault): Promise<string | undefined> {
  if (fault === 'no bus') return '';
  if (fault !== 'absent') return undefined;
  const absent = await startKeyring({ state: 'absent' });
  opened.push(absent);
  return absent.environment['DBUS_SESSION_BUS_ADDRESS'];
}

describe.each<[Fault, string, RegExp]>([
  ['locked', 'error: the keychain is locked', /hint: unlock it .*PUB_TOKEN/],
  ['absent', 'error: there is no keychain to be reached', /hint: start a Secret Service .*PUB_TOKEN/],
  ['frozen', 'error: the keychain does not answer', /hint: its service may be frozen.*PUB_TOKEN/],
  ['no bus', 'error: there is no keychain to be reached', /hint: start a Secret Service .*PUB_TOKEN/],
])('with a keychain that is: %s', (fault, message, hint) => {
  let alice: Awaited<ReturnType<typeof afterwards>>;
  beforeAll(async () => {
    alice = await afterwards(fault);
  });
  afterAll(closeAll);

  test('every command says so, soon, and has done nothing', async () => {
    const { name, password } = alice.account;
    const loginsBefore = await logins(name);
    const commands: [string[], CommandOptions][] = [
      [['login', '--username', name, '--password-stdin'], { input: password }],
      [['whoami'], {}],
      [['publish'], { cwd: join(alice.keyring.home.path, 'project') }],
      [['logout'], {}],
    ];
    const failures = commands.map(async ([args, options]) => {
      const ended = await timed(`${fault}: pub ${args[0]}`, () =>
        alice.pub(args, { ...options, timeout: hangs }),
      );
      expect([ended.code, ended.stdout, ended.stderr.split('\n')[0]], args[0]).toEqual([1, '', message]);
      expect(ended.stderr).toMatch(hint);
      expect(ended.stderr).not.toContain(alice.token);
    });
    await Promise.all(failures);
    expect(await logins(name)).toBe(loginsBefore);
    expect(await isPublic(`by-${name}`)).toBe(false);
    expect(await answersTo(alice.token)).toBe(200);
    expect(await childrenOf(alice)).toEqual([]);
  });

  test('a token from the environment does without it', async () => {
    const { name } = alice.account;
    const env = { PUB_TOKEN: alice.token };
    const asked = await timed(`${fault}: pub whoami with PUB_TOKEN`, () =>
      alice.pub(['whoami', '--json'], { env, timeout: hangs }),
    );
    expect(JSON.parse(asked.stdout)).toMatchObject({ account: name, source: 'PUB_TOKEN' });
    const cwd = join(alice.keyring.home.path, 'project');
    expect((await alice.pub(['publish'], { env, cwd })).stderr).not.toContain('keychain');
    expect(await isPublic(`by-${name}`)).toBe(true);
    expect((await alice.pub(['logout'], { env, timeout: hangs })).code).toBe(0);
    expect(await answersTo(alice.token)).toBe(401);
  });
});

describe('a keychain that keeps a person waiting', () => {
  afterEach(closeAll);

  test('Ctrl-C ends the wait for its dialog at once, and leaves no process', async () => {
    const alice = await person({ state: 'unlocked', display: true });
    const token = await alice.logIn();
    await alice.keyring.become('locked');
    for (const args of [['whoami'], ['login', '--username', alice.account.name]]) {
      const window = await terminal(alice, args);
      const screen = await window.waitFor('Waiting for the keychain');
      expect(screen).toContain('press Ctrl-C to give up');
      await timed(`locked, with its dialog: Ctrl-C at pub ${args[0]}`, async () => {
        await window.press('C-c');
        expect(await window.exitCode()).toBe(130);
      });
      expect(await window.screen()).toMatch(/error: interrupted/);
      expect(await window.screen()).not.toMatch(/\bat .*\.js/);
      await expect.poll(() => childrenOf(alice)).toEqual([]);
    }
    expect(await answersTo(token)).toBe(200);
  });

  test('Ctrl-C ends the wait for a service that is frozen', async () => {
    const alice = await afterwards('frozen');
    const window = await terminal(alice, ['whoami']);
    await expect.poll(() => childrenOf(alice)).not.toEqual([]);
    await window.press('C-c');
    expect(await window.exitCode()).toBe(130);
    await expect.poll(() => childrenOf(alice)).toEqual([]);
  });
});

async function terminal(someone: Person, args: readonly string[]): Promise<TerminalWindow> {
  const { environment, home } = someone.keyring;
  const window = await openTerminal([pinnedNode, builtClient, ...args], { env: environment, cwd: home.path });
  opened.push(window);
  return window;
}

test('nobody logged in needs no keychain to be told so', async () => {
  await using home = await freshHome();
  const ended = await pub(home).run(['whoami', '--registry', registry.url], { timeout: hangs });
  expect(ended.code).toBe(4);
  expect(ended.stderr.replaceAll(registry.url, '<registry>')).toMatchInlineSnapshot(`
    "error: not logged in to <registry>/
    hint: run \`pub login --registry <registry>/\`, or set PUB_TOKEN and PUB_REGISTRY
    "
  `);
});
