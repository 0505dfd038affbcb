import { expect, test } from 'vitest';
import { hostedRepository } from '../../../../src/ecosystems/npm/hosted-repository.ts';
import { publishedManifest } from '../../../../src/ecosystems/npm/published-manifest.ts';
import type { JsonObject } from '../../../../src/json.ts';
import { sampleArchive } from './sample-archive.ts';

/** What the registry is told about a manifest, besides what it is told about every one. */
async function published(manifest: JsonObject, paths: readonly string[] = []): Promise<JsonObject> {
  const files = paths.map((path) => ({ path, size: 1, mode: 0o644 }));
  const archive = await sampleArchive({
    manifest: { name: '@acme/tool', version: '1.0.0', ...manifest },
    files,
  });
  const options = { registryUrl: 'https://registry.example/', clientVersion: '1.2.3' };
  const { name, version, _id, _nodeVersion, _pubVersion, dist, ...rest } = publishedManifest(
    archive,
    options,
  );
  expect([name, version, _id]).toEqual(['@acme/tool', '1.0.0', '@acme/tool@1.0.0']);
  return rest;
}

test.each([
  [{ bin: './cli.js' }, { bin: { tool: 'cli.js' } }],
  [{ bin: { a: '../../x.js', b: 1, c: '' } }, { bin: { a: 'x.js' } }],
  [{ bin: 1 }, {}],
  [{ bundledDependencies: ['a'] }, { bundleDependencies: ['a'] }],
  [
    { bundleDependencies: true, dependencies: { a: '1' } },
    { bundleDependencies: ['a'], dependencies: { a: '1' } },
  ],
  [{ bundleDependencies: false }, {}],
  [{ author: 'A B <a@b.c> (https://d)' }, { author: { name: 'A B', email: 'a@b.c', url: 'https://d' } }],
  [{ keywords: 'a, b' }, { keywords: ['a', 'b'] }],
  [{ man: './x.1' }, { man: ['x.1'] }],
  [{ scripts: { a: './node_modules/.bin/x y', b: 1 } }, { scripts: { a: 'x y' } }],
  [{ _private: 1, patchedDependencies: {}, anything: { else: [1] } }, { anything: { else: [1] } }],
  [
    { repository: 'https://git.example/a/b' },
    { repository: { type: 'git', url: 'https://git.example/a/b' } },
  ],
])('%j is published as %j', async (manifest, expected) => {
  expect(await published(manifest)).toEqual(expected);
});

test('pages derived from the repository do not replace those the manifest names', async () => {
  const repository = { type: 'git', url: 'https://github.com/acme/tool', directory: 'packages/tool' };
  expect(
    await published({ repository, homepage: 'https://acme.example', bugs: { email: 'b@acme.example' } }),
  ).toEqual({
    repository: { ...repository, url: 'git+https://github.com/acme/tool.git' },
    homepage: 'https://acme.example',
    bugs: { email: 'b@acme.example' },
  });
});

test('a package with a gyp file is compiled on installing', async () => {
  expect(await published({ scripts: { test: 't' } }, ['binding.gyp'])).toEqual({
    scripts: { test: 't', install: 'node-gyp rebuild' },
    gypfile: true,
  });
  expect(await published({ scripts: { install: 'i' } }, ['binding.gyp'])).toEqual({
    scripts: { install: 'i' },
  });
  expect(await published({ gypfile: false }, ['binding.gyp'])).toEqual({ gypfile: false });
  expect(await published({}, ['deep/binding.gyp'])).toEqual({});
});

test('types beside the main file are named', async () => {
  expect(await published({}, ['index.d.ts'])).toEqual({ types: './index.d.ts' });
  expect(await published({ main: './lib/x.js' }, ['lib/x.d.ts'])).toMatchObject({ types: './lib/x.d.ts' });
  expect(await published({ typings: 't' }, ['index.d.ts'])).toEqual({ typings: 't' });
  expect(await published({}, ['other.d.ts'])).toEqual({});
});

test.each([
  'acme/tool',
  'github:acme/tool',
  'https://github.com/acme/tool',
  'https://github.com/acme/tool.git',
  'git+https://github.com/acme/tool.git',
  'git://github.com/acme/tool.git',
  'git+ssh://git@github.com/acme/tool.git',
  'git@github.com:acme/tool.git',
])('%s is a repository whose pages are known', (written) => {
  expect(hostedRepository(written)).toEqual({
    url: 'git+https://github.com/acme/tool.git',
    bugs: 'https://github.com/acme/tool/issues',
    homepage: 'https://github.com/acme/tool#readme',
  });
});

test.each([
  '',
  'https://git.example/a/b',
  'https://github.com.evil.example/a/b',
  'a/b/c',
  'https://github.com/',
])('%j is left as it is', (written) => {
  expect(hostedRepository(written)).toBeUndefined();
});
