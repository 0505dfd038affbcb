import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageArchive } from '../../registry/test/support/archives.ts';
import { type Account, signUp } from '../support/accounts.ts';
import { type Client, npm11, npm12, npmrc, pnpm, pnpm12, yarn1, yarn4, yarnrc } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type PasskeyPerson, passkeyPerson } from '../support/passkey-person.ts';
import { root } from '../support/places.ts';
import { publishArchive } from '../support/publish-archive.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal } from '../support/tmux.ts';

/**
 * What a maintainer does in a package's life, with every client that people have. Each step is judged by what
 * the registry says afterwards, never by what the client prints; docs/protocol.md has the table.
 */

const steps = [
  'log in',
  'publish by code',
  'publish by browser',
  'install',
  'dist-tag',
  'deprecate',
  'owner',
  'access',
  'stage',
  'approve',
  'unpublish',
  'log out',
] as const;
type Step = (typeof steps)[number];

/** How the client proves it: not asked, `--otp`, a code typed when it asks, or its person in a browser. */
type Proof = 'no proof' | '--otp' | 'typed' | 'browser';

type Command = readonly [Proof, ...(readonly string[])];

interface Row {
  readonly client: (home: FreshHome) => Client;
  /** Makes a home know the registry. */
  readonly settings: (home: FreshHome) => Promise<unknown>;
  /** Where a login leaves its token. */
  readonly tokenIn: string;
  /** Set where a logout forgets the token and tells the registry nothing: it works until it expires. */
  readonly forgetsOnly?: true;
  /** What it wants done in the folder of a package before it publishes. */
  readonly prepare?: readonly string[];
  /** PACKAGE, FRIEND and STAGE stand for what is known when it runs. A step that is missing: there is no such command. */
  readonly commands: Readonly<Partial<Record<Step, Command>>>;
}

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const npmSettings = (home: FreshHome) => home.file('.npmrc', npmrc(registry.url));

const npm = {
  settings: npmSettings,
  tokenIn: '.npmrc',
  commands: {
    'log in': ['browser', 'login'],
    'publish by code': ['--otp', 'publish'],
    'publish by browser': ['browser', 'publish'],
    install: ['no proof', 'install', 'PACKAGE@1.0.0'],
    'dist-tag': ['browser', 'dist-tag', 'add', 'PACKAGE@1.0.0', 'old'],
    deprecate: ['browser', 'deprecate', 'PACKAGE@1.0.0', 'use 1.1.0'],
    owner: ['browser', 'owner', 'add', 'FRIEND', 'PACKAGE'],
    access: ['browser', 'access', 'set', 'mfa=publish', 'PACKAGE'],
    stage: ['no proof', 'stage', 'publish'],
    approve: ['browser', 'stage', 'approve', 'STAGE'],
    unpublish: ['browser', 'unpublish', 'PACKAGE@1.1.0'],
    'log out': ['no proof', 'logout'],
  },
} satisfies Omit<Row, 'client'>;

/** Where it was not taught to ask, pnpm says "you must be logged in" to a challenge, and takes `--otp`. */
const pnpmRow = {
  settings: npmSettings,
  tokenIn: '.config/pnpm/auth.ini',
  commands: {
    'log in': ['browser', 'login'],
    'publish by code': ['--otp', 'publish', '--no-git-checks'],
    'publish by browser': ['browser', 'publish', '--no-git-checks'],
    install: ['no proof', 'add', 'PACKAGE@1.0.0'],
    'dist-tag': ['browser', 'dist-tag', 'add', 'PACKAGE@1.0.0', 'old'],
    deprecate: ['--otp', 'deprecate', 'PACKAGE@1.0.0', 'use 1.1.0'],
    owner: ['--otp', 'owner', 'add', 'PACKAGE', 'FRIEND'],
    access: ['--otp', 'access', 'set', 'mfa=publish', 'PACKAGE'],
    stage: ['no proof', 'stage', 'publish', '--no-git-checks'],
    approve: ['browser', 'stage', 'approve', 'STAGE'],
    unpublish: ['browser', 'unpublish', 'PACKAGE@1.1.0'],
    'log out': ['no proof', 'logout'],
  },
} satisfies Omit<Row, 'client'>;

const rows: Readonly<Record<string, Row>> = {
  'npm 11': { ...npm, client: npm11 },
  'npm 12': { ...npm, client: npm12 },
  'pnpm 11': { ...pnpmRow, client: pnpm },
  'pnpm 12': { ...pnpmRow, client: pnpm12 },
  'yarn 4': {
    client: yarn4,
    settings: (home) => home.file('.yarnrc.yml', yarnrc(registry.url)),
    tokenIn: '.yarnrc.yml',
    prepare: ['install'],
    forgetsOnly: true,
    commands: {
      'log in': ['browser', 'npm', 'login', '--web-login'],
      'publish by code': ['typed', 'npm', 'publish'],
      install: ['no proof', 'add', 'PACKAGE@1.0.0'],
      'dist-tag': ['typed', 'npm', 'tag', 'add', 'PACKAGE@1.0.0', 'old'],
      stage: ['no proof', 'npm', 'publish', '--staged'],
      approve: ['typed', 'npm', 'stage', 'approve', 'STAGE'],
      'log out': ['no proof', 'npm', 'logout'],
    },
  },
  'yarn 1': {
    client: yarn1,
    settings: npmSettings,
    tokenIn: '.npmrc',
    commands: { install: ['no proof', 'add', 'PACKAGE@1.0.0'] },
  },
};

/** One maintainer with one client, and a package of their own. */
interface Story {
  readonly row: Row;
  readonly home: FreshHome;
  readonly person: PasskeyPerson;
  readonly packageName: string;
  readonly friend: string;
  token: string;
  stageId: string;
}

async function get(story: Story, path: string) {
  const headers = story.token === '' ? {} : { authorization: `Bearer ${story.token}` };
  const answer = await fetch(`${registry.url}${path}`, { headers });
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at, not trusted
  return { status: answer.status, body: (await answer.json()) as any };
}

const packumentOf = async (story: Story) => (await get(story, `/${story.packageName}`)).body;

/** What has to be true at the registry after each step. */
const outcomes: Readonly<Record<Step, (story: Story) => Promise<void>>> = {
  'log in': async (story) => {
    const settings = await readFile(join(story.home.path, story.row.tokenIn), 'utf8');
    story.token = /\bpub_\w{42}\b/.exec(settings)?.[0] ?? '';
    expect((await get(story, '/-/whoami')).body).toEqual({ username: story.person.account.name });
  },
  'publish by code': async (story) => {
    expect(Object.keys((await packumentOf(story)).versions)).toEqual(['1.0.0']);
  },
  'publish by browser': async (story) => {
    expect((await packumentOf(story))['dist-tags']).toEqual({ latest: '1.1.0' });
  },
  install: async ({ home, packageName }) => {
    const manifest = join(home.path, 'project/node_modules', packageName, 'package.json');
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ version: '1.0.0' });
  },
  'dist-tag': async (story) => {
    expect((await packumentOf(story))['dist-tags']).toMatchObject({ old: '1.0.0' });
  },
  deprecate: async (story) => {
    expect((await packumentOf(story)).versions['1.0.0'].deprecated).toBe('use 1.1.0');
  },
  owner: async (story) => {
    const { invitations } = (await get(story, `/-/package/${story.packageName}/owners`)).body;
    expect(invitations).toMatchObject([{ user: story.friend, role: 'owner' }]);
  },
  access: async (story) => {
    const { body } = await get(story, `/-/package/${story.packageName}/access`);
    expect(body).toMatchObject({ publish_requires_tfa: true });
  },
  stage: async (story) => {
    const { body } = await get(story, `/-/stage?package=${story.packageName}`);
    expect(body.items).toMatchObject([{ packageName: story.packageName, version: '1.2.0' }]);
    story.stageId = body.items[0].id;
    expect(Object.keys((await packumentOf(story)).versions)).not.toContain('1.2.0');
  },
  approve: async (story) => {
    expect(Object.keys((await packumentOf(story)).versions)).toContain('1.2.0');
  },
  unpublish: async (story) => {
    const { versions } = await packumentOf(story);
    expect(Object.keys(versions)).toContain('1.0.0');
    expect(Object.keys(versions)).not.toContain('1.1.0');
  },
  'log out': async (story) => {
    const { status } = await get(story, '/-/whoami');
    expect(status).toBe(story.row.forgetsOnly ? 200 : 401);
    const settings = await readFile(join(story.home.path, story.row.tokenIn), 'utf8').catch(() => '');
    expect(settings).not.toContain(story.token);
  },
};

const versions: Readonly<Partial<Record<Step, string>>> = {
  'publish by code': '1.0.0',
  'publish by browser': '1.1.0',
  stage: '1.2.0',
};

/** Runs the step, whatever it takes, and says what was to be seen when it fails. */
async function take(story: Story, step: Step, [proof, ...words]: Command): Promise<void> {
  const { home, row, packageName, friend, stageId, person } = story;
  const cwd = join(home.path, step === 'install' ? 'project' : 'tool');
  const version = versions[step];
  if (version !== undefined) await writeTool(story, version);
  const known: Readonly<Record<string, string>> = { FRIEND: friend, STAGE: stageId };
  const args = words.map((word) => known[word] ?? word.replace('PACKAGE', packageName));
  const client = row.client(home);
  if (proof === 'no proof') await client.succeed(args, { cwd });
  else if (proof === '--otp') await client.succeed([...args, '--otp', await person.code()], { cwd });
  else await inTerminal(story, [...client.command, ...args], proof);
}

const pageAddress = /http:\/\/127\.0\.0\.1:\d+(\/-\/web\/approve\/[\w-]{43})/;
/** yarn offers to open a browser itself; the others wait for Enter while they poll. */
const offer = 'Do you want to try to open your browser now?';

async function inTerminal({ home, person }: Story, command: readonly string[], proof: Proof): Promise<void> {
  const quiet = {
    npm_config_update_notifier: 'false',
    npm_config_progress: 'false',
    npm_config_browser: 'false',
    YARN_ENABLE_TELEMETRY: '0',
  };
  const options = { env: { ...home.env, ...quiet }, cwd: join(home.path, 'tool'), columns: 140 };
  await using terminal = await openTerminal(command, options);
  if (proof === 'typed') {
    await terminal.waitFor(/one-time password/i);
    await terminal.type(await person.code());
    await terminal.press('Enter');
  } else {
    const offered = await terminal.waitFor(new RegExp(`${pageAddress.source}|${offer.replace('?', '\\?')}`));
    if (offered.includes(offer)) {
      await terminal.type('n');
      await terminal.press('Enter');
    }
    await person.approve(pageAddress.exec(await terminal.waitFor(pageAddress))?.[1] as string);
  }
  const exitCode = await terminal.exitCode();
  expect(exitCode, await terminal.screen()).toBe(0);
}

async function writeTool({ home, packageName }: Story, version: string): Promise<void> {
  const manifest = { name: packageName, version, license: 'MIT' };
  await home.file('tool/package.json', JSON.stringify(manifest));
}

/** For a client that only installs. */
async function publishFor({ token }: Account, name: string): Promise<void> {
  const manifest = { name, version: '1.0.0' };
  const archive = packageArchive(manifest);
  expect(await publishArchive(registry.url, { ...manifest, manifest, token, archive })).toBeUndefined();
}

test.concurrent.each(Object.entries(rows))('%s', { timeout: 240_000 }, async (name, row) => {
  await using home = await freshHome();
  await row.settings(home);
  const id = name.replace(' ', '');
  const person = await passkeyPerson(registry.url, `user-of-${id}`);
  const friend = await signUp(registry.url, `friend-of-${id}`);
  const packageName = `by-${id}`;
  const story: Story = { row, home, person, packageName, friend: friend.name, token: '', stageId: '' };
  await home.file('project/package.json', '{"private":true}');
  // Projects of their own for yarn, and no part of one above.
  await home.file('project/yarn.lock', '');
  await home.file('tool/yarn.lock', '');
  await writeTool(story, '1.0.0');
  if (row.prepare) await row.client(home).succeed(row.prepare, { cwd: join(home.path, 'tool') });
  if (row.commands['publish by code'] === undefined) await publishFor(friend, packageName);
  for (const step of steps) {
    const command = row.commands[step];
    if (command === undefined) continue;
    await take(story, step, command);
    await outcomes[step](story);
  }
});

/** One line of the table: a step, and how each client goes about it. */
function lineOf(step: Step): string {
  const cells = Object.values(rows).map(({ commands, forgetsOnly }) => {
    const proof = commands[step]?.[0] ?? '–';
    if (proof !== 'no proof') return proof;
    return step === 'log out' && forgetsOnly ? 'forgets' : 'yes';
  });
  return `| ${[step, ...cells].join(' | ')} |`;
}

test('docs/protocol.md says the same', async () => {
  const text = await readFile(join(root, 'docs', 'protocol.md'), 'utf8');
  for (const step of steps) expect(text).toContain(lineOf(step));
});
