import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, signUp, signUpWithFactor } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** What happens to a package besides being published, with `pub` and `pub-registry`. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

function commands(home: FreshHome, token: string) {
  const env = { PUB_TOKEN: token, PUB_REGISTRY: registry.url };
  return {
    run: (...args: readonly string[]) => pub(home).run(args, { env }),
    succeed: async (...args: readonly string[]) => (await pub(home).succeed(args, { env })).stdout,
  };
}

async function writeProject(home: FreshHome, name: string, version: string): Promise<string> {
  await home.file('tool/package.json', JSON.stringify({ name, version }));
  return join(home.path, 'tool');
}

async function packument(account: Account, name: string) {
  const headers = { authorization: `Bearer ${account.token}` };
  return (await (await fetch(`${registry.url}/${name}`, { headers })).json()) as {
    readonly 'dist-tags': Readonly<Record<string, string>>;
    readonly versions: Readonly<Record<string, { readonly deprecated?: string }>>;
  };
}

test('a token that may only stage hands a release in, and a person lets it out with a code', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'ada');
  const person = commands(home, account.token);
  const made = await pub(home).succeed(
    ['token', 'create', '--name', 'ci', '--scope', 'stage', '--password-stdin', '--json'],
    {
      env: {
        PUB_TOKEN: account.token,
        PUB_REGISTRY: registry.url,
        PUB_OTP: await account.authenticator.nextCode(),
      },
      input: account.password,
    },
  );
  const machine = commands(home, (JSON.parse(made.stdout) as { token: string }).token);
  const folder = await writeProject(home, 'tool-of-ada', '1.0.0');

  const staged = await machine.run('publish', folder, '--stage');
  expect(staged, staged.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining('/-/web/staged/') });
  const id = staged.stdout.trim();
  expect((await fetch(`${registry.url}/tool-of-ada`)).status).toBe(404);
  expect((await machine.run('stage', 'approve', id)).code).toBe(1);

  expect(await person.succeed('stage', 'list')).toBe(`${id}  tool-of-ada@1.0.0  by ada\n`);
  const downloaded = await person.succeed('stage', 'download', id, '--out', home.path);
  expect(downloaded).toBe(`${join(home.path, 'tool-of-ada-1.0.0.tgz')}\n`);
  const refused = await person.run('stage', 'approve', id);
  expect(refused.stderr).toContain('--otp <code>');
  await person.succeed('stage', 'approve', id, '--otp', await account.authenticator.nextCode());
  expect((await fetch(`${registry.url}/tool-of-ada`)).status).toBe(200);
  expect(await person.succeed('stage', 'list')).toBe('');
});

test('a published package is tagged, deprecated, hidden and taken back', async () => {
  await using home = await freshHome();
  const account = await signUp(registry.url, 'bob');
  const { succeed, run } = commands(home, account.token);
  const name = 'tool-of-bob';
  await succeed('publish', await writeProject(home, name, '1.0.0'));
  await succeed('publish', await writeProject(home, name, '1.1.0'), '--tag', 'next');
  await succeed('dist-tag', 'add', `${name}@1.0.0`, 'old');
  expect(await succeed('dist-tag', 'ls', name)).toBe('latest: 1.0.0\nnext: 1.1.0\nold: 1.0.0\n');
  await succeed('deprecate', `${name}@<1.1`, 'use 1.1');
  expect((await packument(account, name)).versions['1.0.0']?.deprecated).toBe('use 1.1');
  await succeed('undeprecate', name);
  expect((await packument(account, name)).versions['1.0.0']?.deprecated ?? '').toBe('');
  expect(await succeed('access', 'get', 'status', name)).toBe(`${name}: public\n`);
  expect(await succeed('access', 'list', 'collaborators', name)).toBe('bob: read-write\n');
  expect(await succeed('access', 'list', 'packages')).toBe(`${name}: read-write\n`);

  const teams = await run('team', 'create', 'acme:developers');
  expect([teams.code, teams.stderr]).toEqual([1, expect.stringContaining('caused by: 400: ')]);
});
