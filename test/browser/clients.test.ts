import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../support/archives.ts';
import { type BrowserPerson, personInBrowser } from '../support/browser-person.ts';
import { type Client, npm11, npm12, npmrc, pnpm, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { startKeyring } from '../support/keyring.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';

/** The real clients in a terminal, and a person in a real browser who finishes what they begin. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** How one client logs in and publishes where it can send its user to a browser. */
interface WebClient {
  readonly client: (home: FreshHome) => Client;
  /** Opens no browser of its own, and says no more than it has to. */
  readonly env?: Readonly<Record<string, string>>;
  readonly publish: readonly string[];
}

const quietNpm = {
  npm_config_update_notifier: 'false',
  npm_config_progress: 'false',
  npm_config_browser: 'false',
};

const clients = {
  'npm 11': { client: npm11, env: quietNpm, publish: ['publish'] },
  'npm 12': { client: npm12, env: quietNpm, publish: ['publish'] },
  pnpm: {
    client: pnpm,
    env: { npm_config_update_notifier: 'false' },
    publish: ['publish', '--no-git-checks'],
  },
  pub: { client: pub, publish: ['publish'] },
} satisfies Readonly<Record<string, WebClient>>;

type ClientName = keyof typeof clients;

/** What each says to a no. pnpm knows none (measured): it polls for five minutes, so somebody has to stop it. */
const refusals: Readonly<Record<ClientName, RegExp | undefined>> = {
  'npm 11': /npm error 404 .*this request was denied/,
  'npm 12': /npm error 404 .*this request was denied/,
  pnpm: undefined,
  pub: /error: it was not approved in the browser/,
};

/** Runs the client in a terminal, with a package of that name in the folder it runs in. */
async function open(
  home: FreshHome,
  { client, env = {} }: WebClient,
  { args, ...more }: { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> },
): Promise<TerminalWindow> {
  const command = [...client(home).command, ...args];
  const cwd = join(home.path, 'tool');
  return await openTerminal(command, { env: { ...home.env, ...env, ...more.env }, cwd, columns: 140 });
}

const address = /http:\/\/\S+\/-\/web\/approve\/[\w-]{43}(?=\s)/;

/** The address it printed for its user. `pub` asks for a code first where the account has an app. */
async function printedAddress(terminal: TerminalWindow): Promise<string> {
  const question = 'Enter to approve in a browser';
  let screen = await terminal.waitFor(new RegExp(`${address.source}|${question}`));
  if (!address.test(screen)) {
    await terminal.press('Enter');
    screen = await terminal.waitFor(address);
  }
  return address.exec(screen)?.[0] as string;
}

/** Waits for the end of the program and gives what was to be seen, which an unexpected exit code shows. */
async function ended(terminal: TerminalWindow, code: 0 | 'failed'): Promise<string> {
  const exitCode = await terminal.exitCode();
  const screen = await terminal.screen();
  if (code === 0) expect(exitCode, screen).toBe(0);
  else expect(exitCode, screen).not.toBe(0);
  return screen;
}

async function packageFolder(home: FreshHome, name: string): Promise<void> {
  const manifest = { name, version: '1.0.0', main: 'index.js', license: 'MIT' };
  await home.file('tool/package.json', JSON.stringify(manifest));
  await home.file('tool/index.js', `module.exports = 'made by ${name}';\n`);
}

/** The digest of the bytes that the registry gives out. */
async function publishedDigest(name: string): Promise<string> {
  const packument = (await (await fetch(`${registry.url}/${name}`)).json()) as {
    versions: Record<string, { dist: { tarball: string } }>;
  };
  const tarball = await fetch(packument.versions['1.0.0']?.dist.tarball ?? '');
  return sha256(Buffer.from(await tarball.arrayBuffer()));
}

async function isPublic(name: string): Promise<boolean> {
  return (await fetch(`${registry.url}/${name}`)).status === 200;
}

/** Installed by npm, into a home that has no token. */
async function expectInstalls(name: string): Promise<void> {
  await using home = await freshHome();
  await home.file('.npmrc', npmrc(registry.url));
  await home.file('project/package.json', '{}');
  const cwd = join(home.path, 'project');
  await npm12(home).succeed(['install', `${name}@1.0.0`], { cwd });
  expect(await readFile(join(cwd, 'node_modules', name, 'index.js'), 'utf8')).toContain(`made by ${name}`);
}

async function approveLogin(person: BrowserPerson, terminal: TerminalWindow): Promise<void> {
  const { heading, facts } = await person.read(await printedAddress(terminal));
  expect(heading).toBe(`Log in a program as ${person.account.name}?`);
  expect(facts).toMatchObject({ Account: person.account.name });
  await person.approve();
}

async function approvePublish(person: BrowserPerson, terminal: TerminalWindow, name: string): Promise<void> {
  const { heading, facts } = await person.read(await printedAddress(terminal));
  expect(heading).toBe(`Publish ${name}@1.0.0?`);
  expect(facts).toMatchObject({ Account: person.account.name, Package: name, Version: '1.0.0' });
  expect(await isPublic(name)).toBe(false);
  await person.approve();
  await ended(terminal, 0);
  expect(facts['SHA-256 of the archive']?.replaceAll(' ', '')).toBe(await publishedDigest(name));
}

test.concurrent.for([
  ['npm 11', 'app'],
  ['npm 12', 'passkey'],
  ['pnpm', 'passkey'],
] as const)('%s: log in and publish, each approved in a browser with: %s', async ([clientName, factor]) => {
  const web: WebClient = clients[clientName];
  const id = clientName.replace(' ', '');
  await using person = await personInBrowser(registry.url, `user-of-${id}`, factor);
  await using home = await freshHome();
  await home.file('.npmrc', npmrc(registry.url));
  await packageFolder(home, `by-${id}`);

  await using login = await open(home, web, { args: ['login'] });
  await approveLogin(person, login);
  await ended(login, 0);
  expect((await web.client(home).succeed(['whoami'])).stdout.trim()).toBe(person.account.name);

  await using publish = await open(home, web, { args: web.publish });
  await approvePublish(person, publish, `by-${id}`);
  await expectInstalls(`by-${id}`);
});

test.concurrent('pub: log in into the keychain, and publish by a code in the browser', async () => {
  await using person = await personInBrowser(registry.url, 'user-of-pub', 'app');
  await using keyring = await startKeyring({ state: 'unlocked' });
  const { home, environment: env } = keyring;
  await pub(home).succeed(['registry', 'add', 'local', registry.url, '--default'], { env });
  await packageFolder(home, 'by-pub');

  await using login = await open(home, clients.pub, { args: ['login'], env });
  await approveLogin(person, login);
  const screen = await ended(login, 0);
  const token = await keyring.lookUp(`pub:${registry.url}`, person.account.name);
  expect(token).toMatch(/^pub_/);
  expect(screen).not.toContain(token);

  await using publish = await open(home, clients.pub, { args: clients.pub.publish, env });
  await approvePublish(person, publish, 'by-pub');
  await expectInstalls('by-pub');

  const headers = { authorization: `Bearer ${token}` };
  const end = await fetch(`${registry.url}/-/user/token/${token}`, { method: 'DELETE', headers });
  expect(end.ok).toBe(true);
  await using list = await open(home, clients.pub, { args: ['token', 'list'], env });
  await list.waitFor('the login to');
  await approveLogin(person, list);
  expect(await ended(list, 0)).toContain('Logged in as user-of-pub');
  const renewed = await keyring.lookUp(`pub:${registry.url}`, person.account.name);
  expect([renewed === token, renewed]).toEqual([false, expect.stringMatching(/^pub_/)]);
});

test.concurrent('pub: log in for a token, and publish by a passkey', async () => {
  await using person = await personInBrowser(registry.url, 'user-without-app', 'passkey');
  await using home = await freshHome();
  await packageFolder(home, 'by-passkey');
  const registryArgs = ['--registry', registry.url];

  const args = ['login', '--print-token', ...registryArgs];
  await using login = await open(home, clients.pub, { args });
  await approveLogin(person, login);
  const token = /\bpub_\w{42}\b/.exec(await ended(login, 0))?.[0] as string;
  expect(token).toBeDefined();

  const env = { PUB_TOKEN: token, PUB_REGISTRY: registry.url };
  await using publish = await open(home, clients.pub, {
    args: [...clients.pub.publish, ...registryArgs],
    env,
  });
  await approvePublish(person, publish, 'by-passkey');
  // Nothing was to be typed: an account without an app has no code.
  expect(await publish.screen()).not.toContain('one-time password');
  await expectInstalls('by-passkey');
});

test.concurrent('a no in the browser publishes nothing, and ends npm and pub with a failure', async () => {
  await using person = await personInBrowser(registry.url, 'decliner', 'passkey');
  const { token } = person.account;
  const env = { PUB_TOKEN: token, PUB_REGISTRY: registry.url };
  for (const [clientName, denied] of Object.entries(refusals)) {
    const web: WebClient = clients[clientName as ClientName];
    const name = `denied-to-${clientName.replace(' ', '')}`;
    await using home = await freshHome();
    await home.file('.npmrc', npmrc(registry.url, token));
    await packageFolder(home, name);
    await using terminal = await open(home, web, { args: web.publish, env });
    expect((await person.read(await printedAddress(terminal))).heading).toBe(`Publish ${name}@1.0.0?`);
    await person.deny();
    if (denied !== undefined) expect(await ended(terminal, 'failed')).toMatch(denied);
    else await terminal.press('C-c');
    await ended(terminal, 'failed');
    expect(await isPublic(name)).toBe(false);
  }
});

test.concurrent('a no to a login leaves npm and pub without a token', async () => {
  await using person = await personInBrowser(registry.url, 'refuser', 'passkey');
  for (const clientName of ['npm 12', 'pub'] as const) {
    const web: WebClient = clients[clientName];
    await using home = await freshHome();
    await home.file('.npmrc', npmrc(registry.url));
    await packageFolder(home, 'unused');
    const args = clientName === 'pub' ? ['login', '--print-token', '--registry', registry.url] : ['login'];
    await using terminal = await open(home, web, { args });
    await person.read(await printedAddress(terminal));
    await person.deny();
    const screen = await ended(terminal, 'failed');
    expect(screen).toMatch(/Invalid response from web login endpoint|it was not approved in the browser/);
    expect(screen).not.toMatch(/username:/i);
    expect(screen).not.toContain('pub_');
    expect(await readFile(join(home.path, '.npmrc'), 'utf8')).not.toContain('_authToken');
  }
});
