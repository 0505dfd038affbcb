import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { npm11, npm12, npmrc } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Organisations with the real npm. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

test.each([
  ['npm 11', npm11, 'eleven'],
  ['npm 12', npm12, 'twelve'],
] as const)('%s sets, lists and removes members, and lists what they may write', async (_, clientOf, org) => {
  await using home = await freshHome();
  const npm = clientOf(home);
  const { name: owner, token } = await signUp(registry.url, `owner-of-${org}`);
  const { name: member } = await signUp(registry.url, `member-of-${org}`);
  await home.file('.npmrc', npmrc(registry.url, token));
  const created = await fetch(`${registry.url}/-/pub/v1/organisations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: org }),
  });
  expect(created.status).toBe(201);
  await home.file('tool/package.json', JSON.stringify({ name: `@${org}/tool`, version: '1.0.0' }));
  await npm.succeed(['publish', '--access', 'public'], { cwd: join(home.path, 'tool') });

  await npm.succeed(['org', 'set', org, member]);
  const list = async () => JSON.parse((await npm.succeed(['org', 'ls', org, '--json'])).stdout);
  expect(await list()).toEqual({ [owner]: 'owner', [member]: 'developer' });
  const owners = await npm.succeed(['owner', 'ls', `@${org}/tool`]);
  expect(
    owners.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual([owner, member]);
  const packages = await npm.succeed(['access', 'list', 'packages', org, '--json']);
  expect(JSON.parse(packages.stdout)).toEqual({ [`@${org}/tool`]: 'read-write' });

  await npm.succeed(['org', 'rm', org, member]);
  expect(await list()).toEqual({ [owner]: 'owner' });
  const last = await npm.run(['org', 'rm', org, owner]);
  expect([last.code, last.stderr]).toEqual([1, expect.stringContaining('would have no owner left')]);
  const team = await npm.run(['team', 'create', `${org}:dev`]);
  expect([team.code, team.stderr]).toEqual([1, expect.stringContaining('organisations and no teams')]);
});
