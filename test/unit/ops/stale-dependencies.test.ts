import { expect, test } from 'vitest';
import type { EcosystemName } from '../../../src/ecosystems/ecosystem.ts';
import type { Standing } from '../../../src/ops/members-report.ts';
import { refuseStaleDependencies } from '../../../src/ops/stale-dependencies.ts';

const member = (
  name: string,
  standing: Standing,
  dependencies: readonly string[] = [],
  ecosystem: EcosystemName = 'cargo',
) => ({ standing, project: { ecosystem, name, dependencies } });

test('a crate that is out with other contents is refused where one that depends on it goes out', () => {
  const members = [
    member('base', 'version-taken'),
    member('middle', 'already-published', ['base']),
    member('top', 'waiting', ['middle']),
    member('apart', 'version-taken'),
  ];
  refuseStaleDependencies(members);
  expect(members.map(({ standing }) => standing)).toEqual([
    'refused',
    'already-published',
    'waiting',
    'version-taken',
  ]);
});

test('crates that need each other, and npm packages, are left as they are', () => {
  const circle = [member('a', 'waiting', ['b']), member('b', 'waiting', ['a', 'elsewhere'])];
  refuseStaleDependencies(circle);
  expect(circle.map(({ standing }) => standing)).toEqual(['waiting', 'waiting']);
  const packages = [member('a', 'version-taken', [], 'npm'), member('b', 'waiting', ['a'], 'npm')];
  refuseStaleDependencies(packages);
  expect(packages.map(({ standing }) => standing)).toEqual(['version-taken', 'waiting']);
});
