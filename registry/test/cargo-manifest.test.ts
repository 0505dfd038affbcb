import { describe, expect, test } from 'vitest';
import { readCrateManifest } from '../src/protocols/cargo/manifest.ts';
import { crateManifest } from './support/crates.ts';

const index = 'sparse+http://registry.example/cargo/index/';
const cratesIo = 'https://github.com/rust-lang/crates.io-index';

const read = (manifest: string) => readCrateManifest(crateManifest({ manifest }), index);
const reqOf = (req: string) => read(`[dependencies]\nserde = ${JSON.stringify(req)}`).dependencies[0]?.req;

test('dependencies of every kind are read as cargo writes them into an index', () => {
  const { dependencies } = read(`
[dependencies]
plain = "1"
[dependencies.renamed]
package = "real-name"
version = ">= 1.2, <2"
registry-index = "${index}"
features = ["a", "b"]
default-features = false
optional = true
[dependencies.elsewhere]
version = "=1.2.3-beta.1"
registry-index = "sparse+https://other.example/index/"
[dev-dependencies]
tester = "0.3"
[build-dependencies]
builder = "~2.1"
[target.'cfg(any(unix,target_os="wasi"))'.dependencies.libc]
version = "0.2"
[target.x86_64-pc-windows-gnu.dev-dependencies]
windows = "0.*"
`);
  const usual = { features: [], optional: false, default_features: true, target: null, package: null };
  const elsewhere = { ...usual, registry: cratesIo };
  expect(dependencies).toEqual([
    {
      ...usual,
      name: 'elsewhere',
      req: '=1.2.3-beta.1',
      kind: 'normal',
      registry: 'sparse+https://other.example/index/',
    },
    { ...elsewhere, name: 'plain', req: '^1', kind: 'normal' },
    {
      name: 'renamed',
      req: '>=1.2, <2',
      features: ['a', 'b'],
      optional: true,
      default_features: false,
      target: null,
      kind: 'normal',
      registry: null,
      package: 'real-name',
    },
    { ...elsewhere, name: 'tester', req: '^0.3', kind: 'dev' },
    { ...elsewhere, name: 'builder', req: '~2.1', kind: 'build' },
    { ...elsewhere, name: 'libc', req: '^0.2', kind: 'normal', target: 'cfg(any(unix, target_os = "wasi"))' },
    { ...elsewhere, name: 'windows', req: '0.*', kind: 'dev', target: 'x86_64-pc-windows-gnu' },
  ]);
});

test.each([
  ['1', '^1'],
  ['1.2', '^1.2'],
  ['1.2.3', '^1.2.3'],
  ['^ 1.2.3', '^1.2.3'],
  [' >= 1.0 ,< 2', '>=1.0, <2'],
  ['1.*', '1.*'],
  ['1.2.x', '1.2.*'],
  ['1.*.*', '1.*'],
  ['=1.*', '=1'],
  ['<=1.2.3-rc.1+build.5', '<=1.2.3-rc.1'],
])('the requirement %s is written as %s', (asked, written) => {
  expect(reqOf(asked)).toBe(written);
});

test.each([
  '',
  '*',
  '1,',
  '01',
  '1.2.3.4',
  '1.*.3',
  '1.2-rc',
  '>=*',
  '1.2.3-01',
  'latest',
  '1 2',
  '1.2.3-',
  '~> 1',
])('the requirement %j is refused: cargo could not read it, or it says nothing', (asked) => {
  expect(() => reqOf(asked)).toThrow(/version/);
});

test('a requirement of a million spaces is read in one go', () => {
  const spaces = ' '.repeat(900_000);
  expect(() => reqOf(`1${spaces}x`)).toThrow(/version/);
  expect(() => reqOf(`${spaces}x`)).toThrow(/version/);
  expect(reqOf(`${spaces}1${spaces.slice(0, 1_000)}`)).toBe('^1');
});

test.each(
  [
    [
      'cfg(',
      'cfg()',
      'cfg(not(a,b))',
      'cfg(all(unix windows))',
      'cfg(unix) x',
      'cfg(a = b)',
      'two words',
      '',
    ],
  ].flat(),
)('the target %j is refused: cargo could not read it', (target) => {
  expect(() => read(`[target.${JSON.stringify(target)}.dependencies]\na = "1"`)).toThrow('target');
});

describe('a dependency is refused', () => {
  test.each([
    ['on a path', 'a = { path = "../a", version = "1" }', 'only registries'],
    ['on a git repository', 'a = { git = "https://forge.example/a", version = "1" }', 'only registries'],
    ['without a version', 'a = { optional = true }', 'no version'],
    ['taken from a workspace', 'a = { workspace = true }', 'workspace'],
    ['on an artifact', 'a = { version = "1", artifact = "bin" }', 'artifact'],
    ['on a registry by its name', 'a = { version = "1", registry = "lab" }', 'address'],
    ['on a registry that is a file', 'a = { version = "1", registry-index = "file:///etc" }', 'no address'],
    ['with a name that is a path', '"../a" = "1"', 'name'],
    ['with a real name that is a path', 'a = { version = "1", package = "../b" }', 'name'],
    ['with a flag that is none', 'a = { version = "1", optional = "yes" }', 'true or false'],
    [
      'with both spellings of a key',
      'a = { version = "1", default-features = false, default_features = true }',
      'same',
    ],
    ['with a feature that has a space', 'a = { version = "1", features = ["a b"] }', 'feature'],
    ['that is a number', 'a = 1', 'neither'],
  ])('%s', (_what, line, problem) => {
    expect(() => read(`[dependencies]\n${line}`)).toThrow(problem);
  });

  test('where both spellings of a table are there', () => {
    const both = '[dev-dependencies]\na = "1"\n[dev_dependencies]\nb = "1"';
    expect(() => read(both)).toThrow('the same');
  });

  test('when there are more than 500', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `d${i} = "1"`).join('\n');
    expect(read(`[dependencies]\n${many(500)}`).dependencies).toHaveLength(500);
    expect(() => read(`[dependencies]\n${many(501)}`)).toThrow('500');
  });
});

describe('features', () => {
  const optional = '[dependencies]\na = { version = "1", optional = true }\nb = "1"\n[features]\n';

  test('may turn on features, dependencies and features of dependencies', () => {
    const { features } = read(
      `${optional}x = ["y", "b/f"]\ny = ["dep:a", "a?/f"]\n"2d" = []\n"with.dot+plus" = []`,
    );
    expect(features).toEqual({ '2d': [], 'with.dot+plus': [], x: ['y', 'b/f'], y: ['dep:a', 'a?/f'] });
    expect(read(`${optional}x = ["a"]`).features).toEqual({ x: ['a'] });
  });

  test.each([
    ['a feature that is not there', 'x = ["y"]'],
    ['a dependency that is not there', 'x = ["dep:c"]'],
    ['a dependency that is not optional', 'x = ["dep:b"]'],
    ['a feature of a dependency that is not there', 'x = ["c/f"]'],
    ['a feature of an optional dependency, which is none', 'x = ["b?/f"]'],
    ['the hidden feature of a dependency', 'x = ["dep:a"]\ny = ["a"]'],
  ])('that turn on %s are refused: cargo would pass over the version', (_what, lines) => {
    expect(() => read(optional + lines)).toThrow('which is not there');
  });

  test.each([
    ['with a name that is none', '"a b" = []', 'name of a feature'],
    ['that are no list', 'x = "y"', 'not a list'],
    ['that turn on a number', 'x = [1]', 'neither'],
    ['more than 300 of them', Array.from({ length: 301 }, (_, i) => `f${i} = []`).join('\n'), '300'],
    ['that turn on more than 300', `x = [${'"y",'.repeat(301)}]\ny = []`, '300'],
  ])('%s are refused', (_what, lines, problem) => {
    expect(() => read(`[features]\n${lines}`)).toThrow(problem);
  });

  test('with the names of what every object has are features like others', () => {
    const { features } = read('[features]\n__proto__ = ["constructor"]\nconstructor = []\ntoString = []');
    expect(JSON.stringify(features)).toBe('{"__proto__":["constructor"],"constructor":[],"toString":[]}');
    expect(() => read('[features]\nx = ["toString"]')).toThrow('which is not there');
  });
});

describe('a manifest is refused', () => {
  test.each([
    ['that is not TOML', '[[[', 'not TOML'],
    ['that says a thing twice', 'name = "other"', 'not TOML'],
    ['with a patch', '[patch.crates-io]\na = { path = "a" }', 'patch'],
    ['with replacements', '[replace]\n"a:1.0.0" = { path = "a" }', 'replace'],
    ['with a second package', '[project]\nname = "other"', 'project'],
    ['that is not to be published', 'publish = false', 'not to be published'],
    ['that is to be published nowhere', 'publish = []', 'not to be published'],
    ['that takes its licence from a workspace', 'license.workspace = true', 'workspace'],
    ['that takes its keywords from a workspace', 'keywords = { workspace = true }', 'workspace'],
    ['with a version of Rust that is a requirement', 'rust-version = ">=1.70"', 'rust-version'],
    ['that links to what is no library', 'links = "a b"', 'links'],
    ['with a long description', `description = "${'x'.repeat(1001)}"`, '1000'],
    ['with too many keywords', 'keywords = ["a","b","c","d","e","f"]', 'keywords'],
    ['with a long keyword', `keywords = ["${'k'.repeat(21)}"]`, 'keywords'],
    ['with a description that is a number', 'description = 1', 'not a text'],
    [
      'nested deeper than any reader can follow',
      `metadata.x = ${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      'not TOML',
    ],
  ])('%s', (_what, lines, problem) => {
    expect(() => read(lines)).toThrow(problem);
  });

  test('without a package, and with a name or a version that is none', () => {
    const refused = (text: string) => expect(() => readCrateManifest(text, index));
    refused('[workspace]').toThrow('no table "package"');
    refused('package = 1').toThrow('no table "package"');
    refused('[package]\nversion = "1.0.0"').toThrow('name');
    refused('[package]\nname = "a"').toThrow('no version');
    refused('[package]\nname = "a"\nversion = "1.0"').toThrow('semantic version');
    refused('[package]\nname = "a"\nversion.workspace = true').toThrow('workspace');
  });

  test('in a text that repeats nothing a terminal could act on', () => {
    for (const lines of ['[dependencies]\n"\\u001b[2J" = "1"', '[features]\n"\\u202e" = []', '\u0007 = 1']) {
      const message = (() => {
        try {
          read(lines);
          return 'accepted';
        } catch (error) {
          return (error as Error).message;
        }
      })();
      expect(message).toMatch(/^the Cargo.toml in the archive is refused: [\x20-\x7e]+$/);
    }
  });
});
