import { expect, test } from 'vitest';
import { checkManifest, publishSettingsOf } from '../../../../src/ecosystems/npm/manifest.ts';
import { flawOfPackageName } from '../../../../src/ecosystems/npm/package-name.ts';
import { npmEcosystemIn } from './plain-ecosystem.ts';
import { folderWith } from './temporary-folder.ts';

const ecosystem = npmEcosystemIn('/');
const check = (content: object) => checkManifest(JSON.stringify(content), 'it');

test.each(['left-pad', '@acme/tool', 'a', 'JSONStream', 'a.b_c-d', 'x'.repeat(214)])(
  '%s is a name',
  (name) => {
    expect(flawOfPackageName(name)).toBeUndefined();
  },
);

test.each([
  '',
  ' a',
  'a b',
  '.a',
  '_a',
  '-a',
  'a/b',
  '@a',
  '@/b',
  '@a/',
  '@a/b/c',
  '@a/.b',
  '@a/..',
  '../a',
  'a!',
  "a'",
  'a*',
  'ä',
  'a\u001b',
  'node_modules',
  'Favicon.ico',
  'http',
  'x'.repeat(215),
  'a%2fb',
  'a?b',
])('%j is not a name', (name) => {
  expect(flawOfPackageName(name)).toBeTypeOf('string');
});

test('null is no list of files, as for npm', () => {
  expect(check({ name: 'a', version: '1.0.0', files: null }).content['files']).toBeNull();
});

test.each([
  [{}, 'it has no `name`'],
  [{ name: 1, version: '1.0.0' }, 'it has no `name`'],
  [{ name: 'a b', version: '1.0.0' }, 'it has a name that has characters that do not belong in a URL'],
  [{ name: 'a' }, 'it has no `version`'],
  [{ name: 'a', private: true }, 'it is marked as private, and has no `version`'],
  [{ name: 'a', version: '1' }, 'it has a `version` that is not a semantic version'],
  [{ name: 'a', version: `1.0.0-${'x'.repeat(300)}` }, 'it has a `version` that is not a semantic version'],
  [{ name: 'a', version: '1.0.0', files: 'lib' }, 'it has a `files` member that is not a list of patterns'],
  [
    { name: 'a', version: '1.0.0', packageExtensions: {} },
    'it has `packageExtensions`, which must not be published',
  ],
])('%j cannot be published', (content, message) => {
  expect(() => check(content)).toThrow(expect.objectContaining({ code: 'E_PROJECT', message }));
});

test.each(['', '{', '{"name": "x", }'])('a manifest of %j is told to be no JSON, and where', (text) => {
  expect(() => checkManifest(text, 'it')).toThrow(
    expect.objectContaining({ message: 'it is not valid JSON', cause: expect.any(SyntaxError) }),
  );
});

test.each(['[]', '"a"', 'null'])('a manifest of %j is not a JSON object', (text) => {
  expect(() => checkManifest(text, 'it')).toThrow(
    expect.objectContaining({ message: 'it is not a JSON object' }),
  );
});

test('a version is cleaned, and a byte order mark is not part of the manifest', () => {
  expect(checkManifest('\uFEFF{"name":"a","version":" v1.0.0 "}', 'it').version).toBe('1.0.0');
});

test('the manifest says how it wants to be published', () => {
  const settings = publishSettingsOf(
    check({
      name: 'a',
      version: '1.0.0',
      private: true,
      publishConfig: { access: 'restricted', tag: 'next', x: 1 },
    }),
  );
  expect(settings).toEqual({
    config: { access: 'restricted', tag: 'next' },
    tag: 'next',
    access: 'restricted',
    private: true,
  });
});

test('an access that no registry knows is refused', () => {
  const manifest = check({ name: 'a', version: '1.0.0', publishConfig: { access: 'everyone' } });
  expect(() => publishSettingsOf(manifest)).toThrow(expect.objectContaining({ code: 'E_PROJECT' }));
});

test('what is not of npm is not ours to open', async () => {
  const folder = await folderWith({ 'Cargo.toml': '', 'notes.txt': '' });
  expect(await ecosystem.open(folder)).toBeUndefined();
  expect(await ecosystem.open(`${folder}/notes.txt`)).toBeUndefined();
  expect(await ecosystem.open(`${folder}/missing`)).toBeUndefined();
});

test('a manifest that is broken is an error, and not somebody else’s project', async () => {
  const folder = await folderWith({ 'package.json': '{' });
  await expect(ecosystem.open(folder)).rejects.toMatchObject({ code: 'E_PROJECT' });
});
