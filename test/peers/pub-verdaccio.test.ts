import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, signUp, signUpWithFactor } from '../support/accounts.ts';
import { type Client, npm12, npmrc, pub } from '../support/clients.ts';
import { differencesOf } from '../support/compare-json.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startNextVerdaccio, startVerdaccio } from '../support/servers.ts';
import { openTerminal } from '../support/tmux.ts';

/** `pub` at registries of other people, beside what npm does there. */
const manifest = (name: string, version: string) => ({
  name,
  version,
  description: 'a tool',
  keywords: ['tool'],
  bin: 'cli.js',
  repository: 'github:acme/tool',
  license: 'MIT',
  author: 'Alice <alice@registry.example>',
  dependencies: { 'left-pad': '^1.3.0' },
  devDependencies: { tape: '^5.0.0' },
});

async function writeProject(home: FreshHome, name: string, version: string): Promise<void> {
  await home.file('tool/package.json', JSON.stringify(manifest(name, version)));
  await home.file('tool/cli.js', '#!/usr/bin/env node\n');
  await home.file('tool/README.md', '# A tool\n\nIt does things.\n');
}

function environment(url: string, { token }: Account) {
  return { PUB_TOKEN: token, PUB_REGISTRY: url };
}

async function packumentOf(url: string, name: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/${name.replace('/', '%2f')}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** What differs by the name, the hour and the bytes of two archives, and says nothing about the clients. */
function redacted(packument: unknown, name: string): unknown {
  const text = JSON.stringify(packument)
    .replaceAll(name, '<name>')
    .replaceAll(name.slice(name.indexOf('/') + 1), '<name>')
    .replace(/"(shasum|integrity|_rev|_shasum)":"[^"]*"/g, '"$1":"<digest>"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<date>"');
  return JSON.parse(text);
}

/** A package's life, in the same words for both clients. What the registry holds when it is long, and at its end. */
async function live(client: Client, { home, url, account, name }: Life): Promise<Record<string, unknown>> {
  const cwd = join(home.path, 'tool');
  const env = environment(url, account);
  await home.file('.npmrc', npmrc(url, account.token));
  const step = (...args: readonly string[]) => client.succeed(args, { cwd, env });
  for (const [version, ...tag] of [['1.0.0'], ['1.1.0', '--tag', 'next']]) {
    await writeProject(home, name, version as string);
    await step('publish', ...tag);
  }
  await step('dist-tag', 'add', `${name}@1.0.0`, 'old');
  await step('deprecate', `${name}@<2`, 'use 2');
  await step('undeprecate', `${name}@1.1.0`);
  const long = await packumentOf(url, name);
  await step('unpublish', `${name}@1.1.0`, '--yes');
  const short = await packumentOf(url, name);
  await step('unpublish', name, '--force', '--yes');
  expect((await fetch(`${url}/${name.replace('/', '%2f')}`)).status).toBe(404);
  return { long: redacted(long, name), short: redacted(short, name) };
}

interface Life {
  readonly home: FreshHome;
  readonly url: string;
  readonly account: Account;
  readonly name: string;
}

/** docs/protocol.md, "What other registries keep of a publish". */
const explained = ['/_npmVersion: "12.2.0" | undefined', '/_pubVersion: undefined | "0.1.0"'];

describe.each([
  ['Verdaccio 6', startVerdaccio],
  ['the next Verdaccio', startNextVerdaccio],
])('%s', (which, start) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  test('holds of what pub did exactly what it holds of what npm did', async () => {
    await using byNpm = await freshHome();
    await using byPub = await freshHome();
    const account = await signUp(server.url, 'alice');
    const life = { url: server.url, account };
    const npm = await live(npm12(byNpm), { ...life, home: byNpm, name: '@acme/one' });
    const own = await live(pub(byPub), { ...life, home: byPub, name: '@acme/two' });
    const places = differencesOf(npm, own).map((line) => line.replace(/^\/\w+\/versions\/[\d.]+/, ''));
    expect([...new Set(places)].sort()).toEqual(explained);
  });

  test('knows who owns a package, as far as it knows owners at all', async () => {
    await using home = await freshHome();
    const [account] = [await signUp(server.url, 'bob'), await signUp(server.url, 'carol')];
    const env = environment(server.url, account);
    await writeProject(home, 'tool-of-bob', '1.0.0');
    await pub(home).succeed(['publish', 'tool'], { env });
    const added = await pub(home).run(['owner', 'add', 'tool-of-bob', 'carol'], { env });
    const listed = await pub(home).run(['owner', 'list', 'tool-of-bob'], { env });
    if (which === 'Verdaccio 6') expect([added.code, listed.code]).toEqual([1, 1]);
    else expect([added.code, listed.stdout]).toEqual([0, 'bob\ncarol\n']);
  });

  test('says clearly that it knows no teams, no access and no proofs for several releases', async () => {
    await using home = await freshHome();
    const env = environment(server.url, await signUp(server.url, 'dora'));
    for (const args of [
      ['team', 'list', 'acme'],
      ['access', 'set', 'status=public', 'tool'],
    ]) {
      const { code, stderr } = await pub(home).run(args, { env });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: failed to .*\ncaused by: 4\d\d/)]);
    }
  });
});

describe('the next Verdaccio, with a second factor', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startNextVerdaccio();
  });
  afterAll(() => server.stop());

  test('takes a code with the upload, asks for one without, approves what was staged, and takes it back', async () => {
    await using home = await freshHome();
    const account = await signUpWithFactor(server.url, 'eve');
    const env = environment(server.url, account);
    const run = (args: readonly string[]) => pub(home).run(args, { env });
    await writeProject(home, 'tool-of-eve', '1.0.0');
    const asked = await run(['publish', 'tool']);
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('--otp <code>') });
    const published = await run(['publish', 'tool', '--otp', await account.authenticator.nextCode()]);
    expect(published.stdout, published.stderr).toBe('+ tool-of-eve@1.0.0\n');

    await writeProject(home, 'tool-of-eve', '2.0.0');
    const staged = await run(['publish', 'tool', '--stage']);
    expect(staged).toMatchObject({ code: 0, stderr: expect.stringContaining('Staged tool-of-eve@2.0.0') });
    const id = staged.stdout.trim();
    expect((await run(['stage', 'list'])).stdout).toBe(`${id}  tool-of-eve@2.0.0  by eve\n`);
    const downloaded = await run(['stage', 'download', id]);
    expect((await readFile(downloaded.stdout.trim())).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    const approved = await run(['stage', 'approve', id, '--otp', await account.authenticator.nextCode()]);
    expect(approved.code, approved.stderr).toBe(0);
    const { versions } = await packumentOf(server.url, 'tool-of-eve');
    expect(Object.keys(versions as object)).toEqual(['1.0.0', '2.0.0']);

    // Two requests, of which this registry wants a code for each.
    const unpublish = async () => {
      const otp = await account.authenticator.nextCode();
      return await run(['unpublish', 'tool-of-eve@1.0.0', '--yes', '--otp', otp]);
    };
    const archive = () => fetch(`${server.url}/tool-of-eve/-/tool-of-eve-1.0.0.tgz`);
    const begun = await unpublish();
    expect([begun.code, begun.stderr]).toEqual([
      1,
      expect.stringContaining('its archive, which is still there'),
    ]);
    const left = await packumentOf(server.url, 'tool-of-eve');
    expect([Object.keys(left['versions'] as object), (await archive()).status]).toEqual([['2.0.0'], 200]);
    const ended = await unpublish();
    expect(ended.code, ended.stderr).toBe(0);
    expect((await archive()).status).toBe(404);
  });

  test('logs a person in through its page', async () => {
    await using home = await freshHome();
    const { name, password } = await signUp(server.url, 'finn');
    const command = [...pub(home).command, 'login', '--print-token', '--registry', server.url];
    await using terminal = await openTerminal(command, { env: home.env, columns: 200 });
    const screen = await terminal.waitFor('Waiting for it');
    const page = /(http:\S+\/-\/web\/login\?next=(\S+))/.exec(screen);
    const answer = await fetch(`${server.url}${page?.[2]}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: name, password }),
    });
    expect(answer.status).toBe(201);
    const seen = await terminal.waitFor('Logged in as finn');
    expect(await terminal.exitCode(), seen).toBe(0);
  });
});
