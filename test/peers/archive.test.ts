import { chmod, cp, mkdir, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { tarStream } from '../support/archives.ts';
import { npm12, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { peerPackage } from '../support/places.ts';

/** The archives that both clients make of the same folder. */
async function bothArchives(home: FreshHome, folder: string, args: readonly string[] = []) {
  const theirs = await home.folder('theirs');
  const packed = await pub(home).succeed([
    'package',
    folder,
    '--out',
    await home.folder('ours'),
    '--json',
    ...args,
  ]);
  const { path } = JSON.parse(packed.stdout) as { path: string };
  const npm = await npm12(home).succeed(['pack', '--pack-destination', theirs, ...args], { cwd: folder });
  const file = npm.stdout.trim().split('\n').at(-1) as string;
  expect(basename(path)).toBe(file);
  return { ours: path, theirs: join(theirs, file) };
}

/** The gzip layer is each client's own; everything inside is the same. */
async function expectSameStream(archives: { ours: string; theirs: string }) {
  const [ours, theirs] = [await tarStream(archives.ours), await tarStream(archives.theirs)];
  expect(entryNames(ours)).toEqual(entryNames(theirs));
  expect(ours.equals(theirs), 'the tar streams differ').toBe(true);
}

/** Enough of ustar for a readable difference: name and prefix of each header. */
function entryNames(stream: Buffer): string[] {
  const names: string[] = [];
  const text = (from: number, length: number) =>
    stream.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= stream.length && stream[at] !== 0; ) {
    names.push([text(at + 345, 155), text(at, 100)].filter((part) => part !== '').join('/'));
    const size = Number.parseInt(text(at + 124, 12), 8);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return names;
}

interface Shape {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  readonly links?: Readonly<Record<string, string>>;
  /** The folder to pack, if not the top. */
  readonly member?: string;
}

const manifest = (members: object) =>
  JSON.stringify({ name: 'shape', version: '1.0.0', ...members }, null, 2);
const long = `${'a-rather-long-folder-name/'.repeat(6)}${'and-a-file-name'.repeat(5)}.js`;

const shapes: readonly Shape[] = [
  {
    what: 'ignore files at the top and below, and files that are always in or out',
    files: {
      'package.json': manifest({}),
      'index.js': 'x',
      'README.md': '# readme',
      LICENCE: 'free',
      'CHANGELOG.md': 'changes',
      '.npmignore': 'test/\n*.log\n!keep.log\n',
      '.gitignore': 'index.js\n',
      'test/a.js': 'x',
      'keep.log': 'x',
      'drop.log': 'x',
      'lib/.npmignore': 'private.js\n',
      'lib/private.js': 'x',
      'lib/public.js': 'x',
      '.npmrc': 'save-exact=true\n',
      'package-lock.json': '{}',
      'yarn.lock': '',
      'npm-shrinkwrap.json': '{"name":"shape","lockfileVersion":3,"packages":{}}',
      'lib/.DS_Store': 'x',
      'lib/a.orig': 'x',
      'node_modules/other/index.js': 'x',
    },
  },
  {
    what: 'a `files` list with globs, negation and folders, and a main outside of it',
    files: {
      'package.json': manifest({
        files: ['dist', 'src/**/*.js', '!src/**/*.test.js', './types/'],
        main: 'main.js',
      }),
      'main.js': 'x',
      'dist/a.js': 'x',
      'dist/deep/b.js': 'x',
      'src/a.js': 'x',
      'src/a.test.js': 'x',
      'src/deep/b.js': 'x',
      'src/deep/b.ts': 'x',
      'types/index.d.ts': 'x',
      'other.js': 'x',
      'copying.txt': 'x',
    },
  },
  {
    what: 'programs that are not executable on disk, and other permissions',
    files: {
      'package.json': manifest({ bin: { one: './one.js', two: 'bin/two.js' } }),
      'one.js': '#!/usr/bin/env node\n',
      'bin/two.js': '#!/usr/bin/env node\n',
      'script.sh': '#!/bin/sh\n',
      'secret.txt': 'x',
      'group.txt': 'x',
    },
    modes: { 'script.sh': 0o755, 'secret.txt': 0o600, 'group.txt': 0o664 },
  },
  {
    what: 'long paths, spaces, other alphabets, an empty and a large file',
    files: {
      'package.json': `\uFEFF${manifest({ name: '@scope/shape' }).replaceAll('\n', '\r\n')}`,
      [long]: 'x',
      'with space.js': 'x',
      'größe/日本.js': 'x',
      'empty.txt': '',
      'large.txt': 'line\n'.repeat(400_000),
    },
  },
  {
    what: 'null for the list of files',
    files: { 'package.json': manifest({ files: null }), 'index.js': 'x', 'lib/a.js': 'x' },
  },
  {
    what: 'links, which are left out',
    files: { 'package.json': manifest({}), 'index.js': 'x', 'lib/a.js': 'x' },
    links: { 'link.js': 'index.js', folder: 'lib', dangling: 'nowhere' },
  },
  {
    what: 'bundled dependencies with dependencies of their own',
    files: {
      'package.json': manifest({
        dependencies: { one: '1.0.0', other: '1.0.0' },
        bundleDependencies: ['one'],
      }),
      'node_modules/one/package.json': '{"name":"one","version":"1.0.0","dependencies":{"two":"1.0.0"}}',
      'node_modules/one/index.js': 'x',
      'node_modules/two/package.json': '{"name":"two","version":"1.0.0"}',
      'node_modules/two/index.js': 'x',
      'node_modules/other/package.json': '{"name":"other","version":"1.0.0"}',
    },
  },
  {
    what: 'a member of a workspace',
    files: {
      'package.json': JSON.stringify({ name: 'top', version: '1.0.0', workspaces: ['packages/*'] }),
      '.npmignore': '*.secret\n',
      'packages/one/package.json': manifest({ name: 'one' }),
      'packages/one/index.js': 'x',
      'packages/one/a.secret': 'x',
    },
    member: 'packages/one',
  },
  {
    what: 'scripts that make a file and take it away',
    files: {
      'package.json': manifest({
        scripts: {
          prepack: `node -e "require('fs').writeFileSync('built.js', 'made')"`,
          postpack: `node -e "require('fs').rmSync('built.js')"`,
        },
      }),
      'index.js': 'x',
    },
  },
];

async function lay(home: FreshHome, { files, modes = {}, links = {} }: Shape): Promise<string> {
  const folder = await home.folder('shape');
  for (const [path, content] of Object.entries(files)) {
    await chmod(await home.file(`shape/${path}`, content), modes[path] ?? 0o644);
  }
  for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, path));
  return folder;
}

test.each(shapes)('the archive is npm’s, byte for byte: $what', async (shape) => {
  await using home = await freshHome();
  const folder = await lay(home, shape);
  await expectSameStream(await bothArchives(home, join(folder, shape.member ?? '')));
});

test.each(['chalk', 'typescript-5', '@vercel/ncc'])(
  'the archive of a real package is npm’s, and hardly larger: %s',
  async (name) => {
    await using home = await freshHome();
    const folder = join(home.path, 'package');
    await mkdir(folder);
    await cp(peerPackage(name), folder, { recursive: true });
    const archives = await bothArchives(home, folder, ['--ignore-scripts']);
    await expectSameStream(archives);
    const [ours, theirs] = [await stat(archives.ours), await stat(archives.theirs)];
    expect(ours.size).toBeLessThanOrEqual(theirs.size * 1.01);
  },
);
