import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { type Client, npm11, npm12, npmrc, pnpm } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** What clients ask a registry about besides packages: they must neither fail nor be told what is not so. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** A home that has published `name`, with a second package that says the same of itself. */
async function publisher(home: FreshHome, name: string, env: Readonly<Record<string, string>> = {}) {
  const account = await signUp(registry.url, name);
  await home.file('.npmrc', npmrc(registry.url, account.token));
  const manifest = { name, version: '1.0.0', description: `about ${name}`, keywords: ['beside'] };
  await home.file('tool/package.json', JSON.stringify(manifest));
  await npm12(home).succeed(['publish'], { cwd: join(home.path, 'tool'), env });
  await home.file('project/package.json', '{ "name": "project", "version": "1.0.0" }\n');
  return { account, cwd: join(home.path, 'project') };
}

const installers: readonly (readonly [string, (home: FreshHome) => Client, string])[] = [
  ['npm 11', npm11, 'install'],
  ['npm 12', npm12, 'install'],
  ['pnpm', pnpm, 'add'],
];

test.each(installers)('%s installs and audits without a complaint', async (label, clientOf, add) => {
  await using home = await freshHome();
  const name = `audited-${label.replace(' ', '')}`;
  const { cwd } = await publisher(home, name);
  const client = clientOf(home);
  const env = { npm_config_audit: 'true' };
  const installed = await client.succeed([add, name], { cwd, env });
  expect(installed.stderr).toBe('');
  const audited = await client.succeed(['audit'], { cwd, env });
  expect(audited.stdout.toLowerCase()).toMatch(/found 0 vulnerabilities|no known vulnerabilities/);
});

test('npm 12 and pnpm find what was published by word and by keyword', async () => {
  await using home = await freshHome();
  await publisher(home, 'searched-for');
  const found = await npm12(home).succeed(['search', 'searched-for', '--json']);
  expect(JSON.parse(found.stdout)).toMatchObject([{ name: 'searched-for', version: '1.0.0' }]);
  const text = await npm12(home).succeed(['search', 'keywords:beside', '--searchlimit', '1']);
  expect(text.stdout).toContain('1.0.0');
  const fromPnpm = await pnpm(home).succeed(['search', 'searched-for']);
  expect(fromPnpm.stdout).toContain('about searched-for');
});

test('npm goes on with its token where the identity of a workflow is not taken', async () => {
  await using home = await freshHome();
  // What CircleCI and GitLab set; the token is never looked at.
  const { cwd } = await publisher(home, 'from-a-workflow', {
    GITLAB_CI: 'true',
    NPM_ID_TOKEN: 'e30.e30.e30',
  });
  await npm12(home).succeed(['install', 'from-a-workflow'], { cwd });
});

test('npm is told what there is not: stars, trusted publishing, teams', async () => {
  await using home = await freshHome();
  const { account } = await publisher(home, 'unsupported');
  const refusals = [
    await npm11(home).run(['star', 'unsupported']),
    await npm12(home).run(['trust', 'list', 'unsupported']),
    await npm12(home).run(['team', 'ls', account.name]),
  ];
  for (const { code, stderr } of refusals) {
    expect([code, stderr]).toEqual([1, expect.stringContaining('400 Bad Request')]);
    expect(stderr).toMatch(/keeps no stars|has no trusted publishing|no teams/);
  }
});
