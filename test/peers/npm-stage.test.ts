import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUpWithFactor } from '../support/accounts.ts';
import { npm11, npm12, npmrc } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Staged publishing with the real npm, of a package that is new: handed in without a code, approved with one. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

interface Item {
  readonly id: string;
  readonly sha256: string;
}

test.each([
  ['npm 11', npm11, 'eleven'],
  ['npm 12', npm12, 'twelve'],
] as const)('%s stages, lists, views, downloads, rejects and approves', async (_, clientOf, name) => {
  await using home = await freshHome();
  const npm = clientOf(home);
  const account = await signUpWithFactor(registry.url, name);
  await home.file('.npmrc', npmrc(registry.url, account.token));
  const tool = `@${name}/tool`;
  const cwd = join(home.path, 'tool');
  const stage = async (version: string) => {
    await home.file('tool/package.json', JSON.stringify({ name: tool, version }));
    await npm.succeed(['stage', 'publish', '--access', 'public'], { cwd });
  };
  await stage('1.0.0');
  await stage('1.1.0');
  expect((await npm.run(['view', tool])).code).toBe(1);

  const listed = await npm.succeed(['stage', 'list', tool, '--json']);
  const items = JSON.parse(listed.stdout) as Item[];
  expect(items).toMatchObject([
    { packageName: tool, version: '1.1.0', tag: 'latest', actor: name, access: 'public' },
    { packageName: tool, version: '1.0.0', status: 'staged', actorType: 'user' },
  ]);
  const [second, first] = items as [Item, Item];
  const viewed = await npm.succeed(['stage', 'view', first.id]);
  expect(viewed.stdout).toContain(tool);
  const downloaded = await npm.succeed(['stage', 'download', first.id]);
  const bytes = await readFile(join(home.path, downloaded.stdout.trim().split('\n').at(-1) as string));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256);

  const unproved = await npm.run(['stage', 'approve', first.id]);
  expect([unproved.code, unproved.stdout + unproved.stderr]).toEqual([1, expect.stringContaining('EOTP')]);
  await npm.succeed(['stage', 'approve', first.id, '--otp', await account.authenticator.nextCode()]);
  await npm.succeed(['stage', 'reject', second.id, '--otp', await account.authenticator.nextCode()]);
  const published = await npm.succeed(['view', tool, 'versions', '--json']);
  expect([JSON.parse(published.stdout)].flat()).toEqual(['1.0.0']);
  expect((await npm.succeed(['stage', 'list'])).stdout).toContain('No staged packages found.');
  const again = await npm.run(['stage', 'publish'], { cwd });
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('staged and rejected')]);
});
