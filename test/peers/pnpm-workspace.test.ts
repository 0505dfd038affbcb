import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { manifestIn } from '../support/archives.ts';
import { npm12, npmrc, pnpm, pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const workspaceFile = `
packages:
  - packages/*
  - '!**/fixtures/**'
catalog:
  '@alice/outside': ^1.0.0
catalogs:
  old:
    '@alice/outside': ~1.0.0
`;

/** Every way in which pnpm lets members name each other and what they share. */
const members = {
  core: { main: 'src/core.ts', publishConfig: { access: 'public', main: 'core.js' } },
  outside: { version: '1.0.5' },
  plain: { dependencies: { '@alice/core': '^1.0.0' } },
  app: {
    dependencies: {
      ...{ '@alice/core': 'workspace:^', '@alice/plain': 'workspace:*', '@alice/outside': 'catalog:' },
      ...{
        alias: 'workspace:@alice/core@~',
        near: 'workspace:../plain',
        range: 'workspace:@alice/core@^1.0.0',
      },
    },
    optionalDependencies: { '@alice/fixed': 'workspace:1.0.0' },
    devDependencies: { old: '1', '@alice/outside': 'catalog:old' },
  },
  fixed: {
    peerDependencies: {
      ...{ '@alice/core': 'workspace:^ || ^0.9.0', '@alice/plain': 'workspace:>=1' },
      ...{ '@alice/outside': 'catalog:old', alias: 'workspace:@alice/core@^' },
    },
    peerDependenciesMeta: { alias: { optional: true } },
  },
} as const;

test('a pnpm workspace is published as pnpm would, and npm installs it', async () => {
  const { token } = await signUp(registry.url, 'alice');
  await using home = await freshHome();
  await home.file('work/pnpm-workspace.yaml', workspaceFile);
  await home.file('work/package.json', JSON.stringify({ name: 'root', private: true }));
  await home.file('work/packages/core/fixtures/package.json', JSON.stringify({ name: 'no-member' }));
  for (const [name, more] of Object.entries(members)) {
    const manifest = { name: `@alice/${name}`, version: '1.0.0', files: ['*.js'], ...more };
    await home.file(`work/packages/${name}/package.json`, `${JSON.stringify(manifest, null, '\t')}\n`);
    await home.file(`work/packages/${name}/${name}.js`, `module.exports = '${name}';\n`);
  }
  const cwd = join(home.path, 'work');

  const env = { PUB_TOKEN: token, PUB_REGISTRY: registry.url };
  const { stdout } = await pub(home).succeed(['publish', '--workspaces', '--json'], { cwd, env });
  const names = Object.keys(members).map((name) => `@alice/${name}`);
  const reported = JSON.parse(stdout).members as { name: string; state: string }[];
  expect(reported.map(({ state }) => state)).toEqual(names.map(() => 'published'));
  expect(reported.map(({ name }) => name).sort()).toEqual(names.sort());

  const packed = await home.folder('packed');
  await pnpm(home).succeed(['-r', 'pack', '--pack-destination', packed], { cwd });
  for (const name of names) {
    const version = name === '@alice/outside' ? '1.0.5' : '1.0.0';
    const file = `${name.replace('@alice/', '')}-${version}.tgz`;
    const answer = await fetch(`${registry.url}/${name}/-/${file}`);
    const ours = manifestIn(Buffer.from(await answer.arrayBuffer()));
    const theirs = manifestIn(await readFile(join(packed, `alice-${file}`)));
    expect(ours, name).toEqual(theirs);
  }

  await home.file('.npmrc', npmrc(registry.url));
  await home.file('project/package.json', JSON.stringify({ private: true }));
  const project = join(home.path, 'project');
  await npm12(home).succeed(['install', '@alice/app'], { cwd: project });
  const listed = await npm12(home).succeed(['ls', '--all', '--json'], { cwd: project });
  expect(Object.keys(JSON.parse(listed.stdout).dependencies['@alice/app'].dependencies).sort()).toEqual(
    ['@alice/core', '@alice/fixed', '@alice/outside', '@alice/plain', 'alias', 'near', 'range'].sort(),
  );
});
