import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { archiveOf, contentDigest, npmDocument, pathOf, type Release } from './support/publishing.ts';
import { createTestRegistry, place } from './support/test-registry.ts';

/** What npm itself makes of a package.json before it publishes: the library of the npm this repository installs. */
const PackageJson = createRequire(import.meta.url)('@npmcli/package-json') as {
  prepare(folder: string): Promise<{ content: Record<string, unknown> & { name: string; version: string } }>;
};

async function preparedByNpm({ manifest, files }: Release) {
  const folder = mkdtempSync(join(place, 'pub-manifest-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const all = { 'package.json': JSON.stringify({ name: 'tool', version: '1.0.0', ...manifest }), ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return (await PackageJson.prepare(folder)).content;
}

/** What npm adds where there is nothing to say, and a slash too many, left out. */
function tidied(key: string, value: unknown): unknown {
  if (key === 'description' && value === '') return undefined;
  return key === 'bin' && value ? JSON.parse(JSON.stringify(value).replaceAll('//', '/')) : value;
}

/** Members that an installation depends on, and those that people see. */
const compared = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'homepage',
  'author',
  'bin',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bundleDependencies',
  'scripts',
  'engines',
  'os',
  'cpu',
  'libc',
  'exports',
  'main',
  'type',
  'directories',
  'funding',
];

const files = {
  'cli.js': '#!/usr/bin/env node',
  'bin/one.js': '',
  'bin/sub/two.js': '',
  'README.md': '# tool',
};

const shapes: Record<string, NonNullable<Release['manifest']>> = {
  'nothing but a name': {},
  'a bin that is a path': { bin: './cli.js' },
  'a bin of a scoped package': { name: '@acme/tool', bin: 'cli.js' },
  'a bin with names': { bin: { tool: 'cli.js', other: './bin/one.js' } },
  'a bin that climbs out': { bin: { tool: '../../cli.js', '../evil': 'cli.js', '/abs': '/cli.js' } },
  'a bin that is empty': { bin: {} },
  'a bin with what is no path': { bin: { tool: 'cli.js', other: 7 } },
  'bins in a list': { bin: ['./cli.js', 'bin/one.js'] },
  'a folder of bins': { directories: { bin: 'bin' } },
  'a folder of bins with dots': { directories: { bin: './bin/' } },
  'an author in one line': { author: 'Ann <ann@example.org> (https://ann.example)' },
  'an author with a name only': { author: 'Ann' },
  'an author that is an object': { author: { name: 'Ann', email: 'ann@example.org' } },
  'a repository with its type': { repository: { type: 'git', url: 'git+https://git.example/tool.git' } },
  'bundled dependencies as a list': { dependencies: { a: '1', b: '2' }, bundledDependencies: ['a'] },
  'bundled dependencies in the other spelling': { dependencies: { a: '1' }, bundleDependencies: ['a'] },
  'all dependencies bundled': { dependencies: { a: '1', b: '2' }, bundleDependencies: true },
  'no dependencies bundled': { dependencies: { a: '1' }, bundleDependencies: false },
  'optional dependencies': { optionalDependencies: { a: '1' }, dependencies: { b: '2' } },
  'dependencies of every kind': {
    dependencies: { a: '^1.0.0' },
    devDependencies: { b: '~2' },
    peerDependencies: { c: '>=3' },
    peerDependenciesMeta: { c: { optional: true } },
  },
  'scripts that run at installation': {
    scripts: { preinstall: 'a', install: 'b', postinstall: 'c', test: 'd' },
  },
  platforms: { os: ['linux', '!win32'], cpu: ['x64'], libc: ['glibc'], engines: { node: '>=20' } },
  'what people read': {
    description: 'a tool',
    keywords: ['a', 'b'],
    license: 'MIT',
    homepage: 'https://tool.example',
  },
  'modules and their entries': { type: 'module', main: './index.js', exports: { '.': './index.js' } },
};

test("the index says of every shape of a package.json what npm's own client says, which is not refused either", async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const differences: object[] = [];
  for (const [index, [shape, manifest]] of Object.entries(shapes).entries()) {
    const release = { name: 'tool', manifest: { ...manifest, version: `1.0.${index}` }, files };
    const prepared = await preparedByNpm(release);
    const document = npmDocument(prepared, archiveOf(release));
    const answer = await alice.put(pathOf(prepared.name), document);
    expect([shape, answer.status, answer.body.error]).toEqual([shape, 201, undefined]);
    const entry = (await alice.get(pathOf(prepared.name))).body.versions[prepared.version];
    differences.push(
      ...compared
        .filter((key) => !isDeepStrictEqual(entry[key], tidied(key, prepared[key])))
        .map((key) => ({ shape, key, npm: prepared[key], index: entry[key] })),
    );
  }
  expect(differences).toEqual([]);
});

/** Where the index deliberately does not repeat npm's client, or it does not matter; only that npm can publish it. */
const alsoTaken: Record<string, NonNullable<Release['manifest']>> = {
  'a dependency that is optional too': { dependencies: { a: '1', b: '2' }, optionalDependencies: { a: '1' } },
  'a repository in short': { repository: 'github:acme/tool' },
  'a repository as a URL': { repository: 'https://git.example/tool.git' },
  'bugs as a URL': { bugs: 'https://bugs.example' },
  'keywords in one text': { keywords: 'a, b' },
  'contributors in lines': { contributors: ['Ann <ann@example.org>', { name: 'Bob' }] },
  'a license that is an object': { license: { type: 'MIT' } },
  'engines as a list': { engines: ['node >= 0.4'] },
  'a dependency without a range': { dependencies: { a: '' } },
  'scripts of a wrong kind': { scripts: { postinstall: 7, install: null } },
  'an empty install script': { scripts: { install: '' } },
  'a man page': { man: './cli.js' },
  'null everywhere': { bin: null, dependencies: null, scripts: null, os: null, bundleDependencies: null },
  'empty everywhere': { bin: '', dependencies: {}, scripts: {}, os: [], cpu: [], optionalDependencies: {} },
  'one platform as a text': { os: 'linux', cpu: 'x64' },
};

test('npm can publish every other shape as well', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const refused: object[] = [];
  for (const [index, [shape, manifest]] of Object.entries(alsoTaken).entries()) {
    const release = { name: 'tool', manifest: { ...manifest, version: `1.0.${index}` }, files };
    const prepared = await preparedByNpm(release);
    const answer = await alice.put('/tool', npmDocument(prepared, archiveOf(release)));
    if (answer.status !== 201) refused.push({ shape, error: answer.body.error, npm: prepared });
  }
  expect(refused).toEqual([]);
});

test.each([[{ dependencies: 'a b' }], [{ dependencies: ['a@1'] }]])(
  'the dependencies of %j, a form older than npm 1, are refused and not guessed',
  async (manifest) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const release = { name: 'tool', manifest };
    const document = npmDocument(await preparedByNpm(release), archiveOf(release));
    expect((await alice.put('/tool', document)).code).toBe('manifest_mismatch');
  },
);

test('a package with a binding.gyp is published by npm, and said to run something at installation', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const release = { name: 'tool', files: { 'binding.gyp': '{}' } };
  const prepared = await preparedByNpm(release);
  expect((await alice.put('/tool', npmDocument(prepared, archiveOf(release)))).status).toBe(201);
  expect((await alice.get('/tool')).body.versions['1.0.0']).toMatchObject({
    gypfile: true,
    hasInstallScript: true,
  });
});

test('members that are not the package’s to say are left out, wherever they come from', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const manifest = {
    _id: 'x',
    _resolved: '/home/alice/tool.tgz',
    _integrity: 'x',
    _npmUser: { name: 'bob' },
    _hasShrinkwrap: true,
    _anything: 'x',
    dist: { tarball: 'http://evil.example/x.tgz', integrity: 'sha512-x' },
    readme: 'x',
    deprecated: 'x',
    maintainers: [{ name: 'bob' }],
    hasInstallScript: false,
    scripts: { postinstall: 'node x.js' },
  };
  const release = { name: 'tool', manifest };
  const answer = await alice.put('/-/pub/v1/releases/npm/tool/1.0.0', archiveOf(release), {
    headers: {
      'content-digest': contentDigest(archiveOf(release)),
    },
  });
  expect(answer.status).toBe(201);
  const { dist, ...entry } = (await alice.get('/tool')).body.versions['1.0.0'];
  expect(entry).toEqual({
    name: 'tool',
    version: '1.0.0',
    scripts: { postinstall: 'node x.js' },
    _id: 'tool@1.0.0',
    _npmUser: { name: 'alice', email: 'alice@example.org' },
    hasInstallScript: true,
  });
  expect(dist.tarball).toBe('http://registry.example/tool/-/tool-1.0.0.tgz');
});

test.each(['Tool', '.tool', 'node_modules', '@acme', '@acme/', '../tool', 'tool/x', ''])(
  'an archive that calls itself %j is refused',
  async (name) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const archive = archiveOf({ manifest: { name } });
    const document = npmDocument({ name: 'tool', version: '1.0.0' }, archive);
    expect((await alice.put('/tool', document)).code).toBe('bad_archive');
  },
);
