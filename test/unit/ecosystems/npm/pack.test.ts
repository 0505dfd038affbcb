import { readdirSync, readFileSync } from 'node:fs';
import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Archive } from '../../../../src/ecosystems/ecosystem.ts';
import { npmEcosystemIn } from './plain-ecosystem.ts';
import { folderWith } from './temporary-folder.ts';

const ecosystem = npmEcosystemIn('/');

async function pack(folder: string): Promise<Archive> {
  const project = await ecosystem.open(folder);
  return (await project?.pack({
    folder: await folderWith(),
    runScripts: false,
    purpose: 'package',
  })) as Archive;
}

const pathsOf = ({ files }: Archive) => files.map(({ path }) => path);
const manifest = { name: 'sample', version: '1.0.0' };

// The lists below are what npm 12.2.0 packs from the same folders.

test('`files` decides, with what is always in and always out', async () => {
  const folder = await folderWith({
    'package.json': {
      ...manifest,
      main: 'main.js',
      files: ['lib', 'dist/*.js', '!lib/x.test.js', 'missing'],
    },
    'lib/x.js': '',
    'lib/x.test.js': '',
    'lib/sub/y.js': '',
    'lib/sub/z.log': '',
    'lib/sub/.npmignore': '*.log',
    'dist/a.js': '',
    'dist/a.map': '',
    'main.js': '',
    'other.js': '',
    'readme.md': '',
    LICENSE: '',
    '.env': '',
    'lib/.npmrc': '',
    '.npmignore': 'lib',
  });
  expect(pathsOf(await pack(folder))).toEqual([
    'LICENSE',
    'dist/a.js',
    'main.js',
    'lib/x.js',
    'lib/sub/y.js',
    'package.json',
    'readme.md',
  ]);
});

test('without `files`, ignore files decide and lock files stay out', async () => {
  const folder = await folderWith({
    'package.json': manifest,
    'a/1.js': '',
    'a/b/2.ts': '',
    'keep.js': '',
    'x.log': '',
    'package-lock.json': '',
    'bun.lock': '',
    '.DS_Store': '',
    'node_modules/x/package.json': {},
    '.git/HEAD': 'ref',
    '.gitignore': 'x.log',
    '.npmignore': 'keep.js',
  });
  expect(pathsOf(await pack(folder))).toEqual(['a/1.js', 'package.json', 'x.log', 'a/b/2.ts']);
});

test('a package of nothing but its manifest can be packed', async () => {
  const archive = await pack(await folderWith({ 'package.json': { ...manifest, files: [] }, 'x.js': '' }));
  expect(archive.files).toEqual([{ path: 'package.json', size: 46, mode: 0o644 }]);
});

test('modes come from the disk and from `bin`, links stay out, and a hard link is a file', async () => {
  const folder = await folderWith({
    'package.json': { ...manifest, bin: './cli.js' },
    'cli.js': '',
    'run.sh': '',
  });
  await chmod(join(folder, 'run.sh'), 0o700);
  await symlink('/etc', join(folder, 'etc'));
  await symlink('cli.js', join(folder, 'link.js'));
  await link(join(folder, 'run.sh'), join(folder, 'same.sh'));
  const { files, path: archivePath } = await pack(folder);
  // Reading refuses every kind of link.
  expect((await pack(archivePath)).files).toEqual(files);
  expect(files.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
    ['cli.js', '755'],
    ['package.json', '644'],
    ['run.sh', '700'],
    ['same.sh', '700'],
  ]);
});

test('what is bundled brings what it depends on, and nothing else', async () => {
  const folder = await folderWith({
    'package.json': {
      ...manifest,
      dependencies: { a: '*', '@s/b': '*', not: '*' },
      devDependencies: { dev: '*' },
      peerDependencies: { peer: '*' },
      bundleDependencies: ['a', '@s/b', 'dev', 'peer', 'missing', '../../outside'],
    },
    'node_modules/a/package.json': {
      name: 'a',
      dependencies: { c: '*', d: '*' },
      devDependencies: { dev: '*' },
      files: ['lib'],
    },
    'node_modules/a/lib/x.js': '',
    'node_modules/a/not.js': '',
    'node_modules/a/node_modules/c/package.json': { name: 'c', version: '2.0.0' },
    'node_modules/c/package.json': { name: 'c', version: '1.0.0' },
    'node_modules/d/package.json': { name: 'd', dependencies: { a: '*' } },
    'node_modules/@s/b/package.json': { name: '@s/b' },
    'node_modules/not/package.json': {},
    'node_modules/dev/package.json': {},
    'node_modules/peer/package.json': {},
  });
  expect(pathsOf(await pack(folder))).toEqual([
    'node_modules/a/lib/x.js',
    'node_modules/@s/b/package.json',
    'node_modules/a/node_modules/c/package.json',
    'node_modules/a/package.json',
    'node_modules/d/package.json',
    'package.json',
  ]);
});

test('a bundled dependency outside of the package is refused', async () => {
  const folder = await folderWith({
    'outer/l/package.json': { name: 'l', dependencies: { m: '*' } },
    'outer/l/node_modules/m/package.json': { name: 'm' },
    'p/package.json': { ...manifest, dependencies: { l: '*' }, bundleDependencies: true },
  });
  await mkdir(join(folder, 'p/node_modules'));
  await symlink('../../outer/l', join(folder, 'p/node_modules/l'));
  await expect(pack(join(folder, 'p'))).rejects.toMatchObject({ code: 'E_PROJECT' });
});

test('a member of a workspace obeys the ignore files of the root', async () => {
  const folder = await folderWith({
    'package.json': { ...manifest, workspaces: ['packages/*'] },
    '.npmignore': '*.log',
    'packages/a/package.json': { name: 'a', version: '1.0.0' },
    'packages/a/x.js': '',
    'packages/a/x.log': '',
  });
  expect(pathsOf(await pack(join(folder, 'packages/a')))).toEqual(['x.js', 'package.json']);
});

test('the root of a workspace brings its members, as with npm, and says so', async () => {
  const folder = await folderWith({
    'package.json': { ...manifest, workspaces: ['packages/*', '!packages/b'] },
    'packages/a/package.json': { name: 'a', version: '1.0.0' },
    'packages/b/package.json': { name: 'b', version: '1.0.0' },
  });
  const archive = await pack(folder);
  expect(pathsOf(archive)).toEqual(['package.json', 'packages/a/package.json', 'packages/b/package.json']);
  expect(archive.concerns).toEqual([
    { level: 'notable', message: '`packages/a`, a member of this workspace, is packed with its root' },
  ]);
});

test('names of any script and length are packed, and read back from the archive', async () => {
  const long = `${'d'.repeat(60)}/${'e'.repeat(90)}/${'f'.repeat(120)}.js`;
  const folder = await folderWith({
    'package.json': manifest,
    'très long/ünï.js': '1',
    '日本語.txt': '2',
    [long]: '3',
    '@types/i.d.ts': '4',
    '@a.js': '5',
  });
  const archive = await pack(folder);
  expect(new Set(pathsOf(archive))).toEqual(
    new Set(['package.json', 'très long/ünï.js', '日本語.txt', long, '@types/i.d.ts', '@a.js']),
  );
  const again = await pack(archive.path);
  expect(again).toEqual({ ...archive, gitHead: undefined });
});

test('patches stay at home, and the manifest keeps its form', async () => {
  const text = `{\r\n\t"name":"sample",\r\n\t"version":"1.0.0",\r\n\t"patchedDependencies":{"x":"patches/x.patch"}\r\n}\r\n`;
  const folder = await folderWith({ 'package.json': text, 'patches/x.patch': '', 'patches/README.txt': '' });
  const archive = await pack(folder);
  expect(pathsOf(archive)).toEqual(['package.json', 'patches/README.txt']);
  const tar = gunzipSync(readFileSync(archive.path)).toString();
  expect(tar).toContain('{\r\n\t"name": "sample",\r\n\t"version": "1.0.0"\r\n}\r\n');
  expect(archive.manifest).toEqual(manifest);
});

test('packing into the package itself leaves its manifest alone', async () => {
  const text = JSON.stringify({ ...manifest, patchedDependencies: {} });
  const folder = await folderWith({ 'package.json': text });
  const project = await ecosystem.open(folder);
  await project?.pack({ folder, runScripts: false, purpose: 'package' });
  expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(text);
  expect(readdirSync(folder)).toEqual(['package.json', 'sample-1.0.0.tgz']);
});

test('packing twice gives the same bytes, in npm’s form', async () => {
  const files = { 'package.json': manifest, 'a.js': 'a'.repeat(1000) };
  const [first, second] = [await pack(await folderWith(files)), await pack(await folderWith(files))];
  expect(second.digests).toEqual(first.digests);
  const gzip = readFileSync(first.path);
  // RFC 1952: no time, no name, and 255 for an unknown operating system.
  expect([...gzip.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  const tar = gunzipSync(gzip);
  expect(tar.toString('latin1', 0, 12)).toBe('package/a.js');
  // 1985-10-26T08:15:00Z, and neither a user nor a group.
  expect(Number.parseInt(tar.toString('latin1', 136, 147), 8)).toBe(499_162_500);
  expect(tar.toString('latin1', 108, 124).replaceAll('\0', '').trim()).toBe('');
});

test('the commit and the readme travel beside the archive', async () => {
  const folder = await folderWith({
    '.git/HEAD': 'ref: refs/heads/main\n',
    '.git/packed-refs': `# pack-refs\n${'c'.repeat(40)} refs/heads/main\n`,
    'p/package.json': manifest,
    'p/README.md': '# sample',
    'p/readme.txt': 'x',
  });
  expect(await pack(join(folder, 'p'))).toMatchObject({
    gitHead: 'c'.repeat(40),
    readme: { fileName: 'README.md', text: '# sample' },
  });
});

test('what probably should not be published is named, the dangerous first', async () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nx';
  const folder = await folderWith({
    'package.json': manifest,
    '.env': '',
    '.env.production': '',
    '.env.example': '',
    id_rsa: '',
    'id_rsa.pub': '',
    '.netrc': '',
    '.pypirc': '',
    'store.p12': '',
    'deploy.pem': key,
    'public.pem': '-----BEGIN CERTIFICATE-----',
    'a.key': 'piano',
    'b.key': key,
    'credentials.toml': '',
    'nested/old.tgz': '',
    'environment.js': '',
  });
  await writeFile(join(folder, 'large.bin'), Buffer.alloc(11_000_000));
  const { concerns } = await pack(folder);
  const dangerous = concerns.filter(({ level }) => level === 'dangerous').map(({ message }) => message);
  expect(dangerous.map((message) => message.split('`')[1]).sort()).toEqual([
    '.env',
    '.env.production',
    '.netrc',
    '.pypirc',
    'b.key',
    'credentials.toml',
    'deploy.pem',
    'id_rsa',
    'store.p12',
  ]);
  expect(concerns.at(-1)).toEqual({ level: 'notable', message: 'the package is 11.0 MB large unpacked' });
});

test('a dependency that only its workspace understands is dangerous', async () => {
  const dependencies = { a: 'workspace:^', b: 'catalog:', c: '^1.0.0', d: 'npm:other@1', e: 'portal:../e' };
  const more = {
    dependencies,
    peerDependencies: { f: 'workspace:*' },
    devDependencies: { g: 'workspace:*' },
  };
  const folder = await folderWith({ 'package.json': { ...manifest, ...more } });
  const { concerns } = await pack(folder);
  expect(concerns.map(({ level, message }) => `${level}: ${message.split('`')[1]}`)).toEqual([
    'dangerous: a',
    'dangerous: b',
    'dangerous: e',
    'dangerous: f',
  ]);
});

test('links in the place of the archive are replaced, and what they lead to is left alone', async () => {
  const folder = await folderWith({
    'package.json': { ...manifest, patchedDependencies: {} },
    'elsewhere.txt': 'mine',
  });
  for (const name of ['sample-1.0.0.tgz', 'sample-1.0.0.tgz.manifest']) {
    await symlink(join(folder, 'elsewhere.txt'), join(folder, name));
  }
  const project = await ecosystem.open(folder);
  await project?.pack({ folder, runScripts: false, purpose: 'package' });
  expect(readFileSync(join(folder, 'elsewhere.txt'), 'utf8')).toBe('mine');
  expect(readdirSync(folder).sort()).toEqual(['elsewhere.txt', 'package.json', 'sample-1.0.0.tgz']);
});
