import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parsePackageName, parseVersion, unscoped } from '../src/packages/package-name.ts';

interface Vector {
  readonly name: string;
  readonly body: { readonly releases?: unknown };
}

const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/preflight/${file}`, import.meta.url), 'utf8'));

const bad = expect.objectContaining({ code: 'bad_request' });

describe('names', () => {
  test.each(['a', 'left-pad', '@acme/tool', 'a.b_c-d', '3d', 'events', '@-x/y', `a${'b'.repeat(213)}`])(
    'accepts %s',
    (name) => {
      expect(parsePackageName(name)).toBe(name);
    },
  );

  test.each([
    '',
    'Left-Pad',
    '.hidden',
    '_private',
    '-',
    '-x',
    '@acme/-',
    '@acme/_x',
    '@acme/.x',
    '@acme',
    '@/x',
    '@.a/x',
    '@acme/',
    'acme/tool',
    '@acme/tool/more',
    '../left-pad',
    '..',
    'a b',
    ' a',
    'a\n',
    'a\u0000',
    'a%2fb',
    "it's",
    'a~b',
    'ünïcode',
    'node_modules',
    'favicon.ico',
    '@acme/node_modules',
    `a${'b'.repeat(214)}`,
    7,
    null,
    undefined,
    ['a'],
  ])('refuses %j', (name) => {
    expect(() => parsePackageName(name)).toThrow(bad);
  });

  test('a refusal does not repeat the text', () => {
    expect(() => parsePackageName('evil\u001b[31m')).toThrow(/^[\x20-\x7e]+$/);
  });

  test('the part behind the scope', () => {
    expect([unscoped('@acme/tool'), unscoped('tool')]).toEqual(['tool', 'tool']);
  });
});

describe('versions', () => {
  test.each(['0.0.0', '1.0.0', '2.0.0-rc.1', '1.0.0-0.3.7', '10.20.30-alpha-b.7'])(
    'accepts %s',
    (version) => {
      expect(parseVersion(version)).toBe(version);
    },
  );

  test.each([
    '',
    '1',
    '1.0',
    'v1.0.0',
    '=1.0.0',
    ' 1.0.0',
    '1.0.0 ',
    '1.0.0\n',
    '^1.0.0',
    '1.0.0+build',
    '01.0.0',
    '1.0.0-01',
    '1.0.0-',
    '9007199254740993.0.0',
    'latest',
    `1.0.0-${'a'.repeat(300)}`,
    1,
    null,
  ])('refuses %j', (version) => {
    expect(() => parseVersion(version)).toThrow(bad);
  });
});

describe('the vectors of the preflight', () => {
  type Release = { readonly name: unknown; readonly version: unknown };
  const releases = (vector: Vector) => vector.body.releases as readonly Release[];

  test('every name and version in an accepted request is accepted', () => {
    for (const { name, version } of vectors('request-accept.json').flatMap(releases)) {
      expect([parsePackageName(name), parseVersion(version)]).toEqual([name, version]);
    }
  });

  const about = /^a(n upper-case)? (name|version) /;
  test.each(vectors('request-reject.json').filter((vector) => about.test(`${vector.name} `)))(
    'refuses $name',
    (vector) => {
      const [release] = releases(vector);
      expect(() => [parsePackageName(release?.name), parseVersion(release?.version)]).toThrow(bad);
    },
  );
});
