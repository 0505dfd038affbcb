import { expect, test } from 'vitest';
import { addressesInLockfile, mentions } from '../../../scripts/file-rules.ts';

test('a line that names a host is found, in any case', () => {
  expect(mentions('one\nsee https://Packages.Registry.example/x\n', ['packages.registry.example'])).toEqual([
    "line 2 names a registry's host",
  ]);
});

test('a file without the host passes', () => {
  expect(mentions('one\ntwo\n', ['packages.registry.example'])).toEqual([]);
});

test('an address in a lockfile is found, a link in the workspace is none', () => {
  const lockfile = {
    packages: {
      'node_modules/a': { resolved: 'https://registry.example/a/-/a-1.0.0.tgz' },
      'node_modules/b': { resolved: 'registry', link: true },
      'node_modules/c': { version: '1.0.0' },
    },
  };
  expect(addressesInLockfile(JSON.stringify(lockfile))).toEqual([
    expect.stringContaining('node_modules/a has'),
  ]);
});
