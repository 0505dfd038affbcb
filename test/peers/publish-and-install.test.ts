import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUpWithFactor } from '../support/accounts.ts';
import { fileDigests } from '../support/archives.ts';
import { type Client, npm11, npm12, npmrc, pnpm, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { peerPackage, pinnedNode } from '../support/places.ts';
import { expectSuccess, run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

interface RealPackage {
  readonly name: string;
  /** Its folder among the installed peers. */
  readonly source: string;
  /** What shows that it works, run in a project it is installed in. */
  readonly use: readonly string[];
  readonly shows: RegExp;
}

const packages: readonly RealPackage[] = [
  {
    name: 'chalk',
    source: 'chalk',
    use: [
      '--input-type=module',
      '-e',
      "import { Chalk } from 'chalk'; console.log(new Chalk({ level: 1 }).green('it works'))",
    ],
    shows: /it works/,
  },
  {
    name: 'typescript',
    source: 'typescript-5',
    use: ['node_modules/typescript/bin/tsc', '--version'],
    shows: /^Version 5\.9\.\d+$/m,
  },
  {
    name: '@vercel/ncc',
    source: '@vercel/ncc',
    use: ['node_modules/@vercel/ncc/dist/ncc/cli.js', '--version'],
    shows: /^0\.\d+\.\d+$/m,
  },
];

const installers: Readonly<Record<string, { client: (home: FreshHome) => Client; add: string }>> = {
  'npm 11': { client: npm11, add: 'install' },
  'npm 12': { client: npm12, add: 'install' },
  pnpm: { client: pnpm, add: 'add' },
};

async function publishWithPub(home: FreshHome, { name, source }: RealPackage): Promise<string> {
  const folder = join(home.path, 'source');
  await cp(peerPackage(source), folder, { recursive: true });
  const account = await signUpWithFactor(registry.url, `owner-of-${name.replaceAll(/[^a-z]/g, '')}`);
  const client = pub(home);
  const env = { PUB_TOKEN: account.token, PUB_REGISTRY: registry.url };
  const command = ['publish', folder, '--registry', registry.url, '--ignore-scripts', '--yes', '--json'];

  const refused = await client.run(command, { env });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--otp');
  expect((await fetch(`${registry.url}/${name.replace('/', '%2f')}`)).status).toBe(404);

  const code = await account.authenticator.nextCode();
  const published = await client.succeed([...command, '--otp', code], { env });
  expect(JSON.parse(published.stdout)).toMatchObject({ name, account: account.name });
  expect(published.stdout + published.stderr).not.toContain(account.token);
  return folder;
}

/** Into a home that has nothing in its caches, and no token: what was published is for everybody. */
async function expectInstalled(installer: string, { name, use, shows }: RealPackage, source: string) {
  await using home = await freshHome();
  await home.file('.npmrc', npmrc(registry.url));
  await home.file('project/package.json', '{ "name": "project", "version": "1.0.0" }\n');
  const cwd = join(home.path, 'project');
  const { client, add } = installers[installer] as (typeof installers)[string];
  await client(home).succeed([add, name], { cwd });
  const installed = await fileDigests(join(cwd, 'node_modules', name));
  // pnpm puts links to a package's own programs inside of it.
  const unpacked = installed.filter((line) => !line.startsWith('node_modules/.bin/'));
  expect(unpacked, installer).toEqual(await fileDigests(source));
  const used = expectSuccess(await run(pinnedNode, use, { cwd, env: home.env }));
  expect(used.stdout, installer).toMatch(shows);
}

test.each(packages)(
  '$name is published with a code and installed back by npm 11, npm 12 and pnpm',
  async (real) => {
    await using home = await freshHome();
    const source = await publishWithPub(home, real);
    for (const installer of Object.keys(installers)) await expectInstalled(installer, real, source);
  },
);
