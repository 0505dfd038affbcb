import { expect, test } from 'vitest';
import { printedRequirement } from '../../../../src/ecosystems/cargo/version-requirement.ts';

/** As the `semver` crate prints them, which cargo sends. */
test.each([
  ['1', '^1'],
  ['1.2.3', '^1.2.3'],
  ['^1.2', '^1.2'],
  ['~1.2', '~1.2'],
  ['= 1.0.0', '=1.0.0'],
  ['>=1.0, <2', '>=1.0, <2'],
  ['>= 1.0 ,< 2.0', '>=1.0, <2.0'],
  ['*', '*'],
  ['1.*', '1.*'],
  ['1.x', '1.*'],
  ['1.2.X', '1.2.*'],
  ['1.*.*', '1.*'],
  ['0.1.0-alpha.1', '^0.1.0-alpha.1'],
  ['1.0.0+build', '^1.0.0'],
])('%s is sent as %s', (written, printed) => {
  expect(printedRequirement(written)).toBe(printed);
});
