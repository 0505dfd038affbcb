import { expect, test } from 'vitest';
import { parsePackageSpec } from '../../src/package-spec.ts';

test.each([
  ['left-pad', { name: 'left-pad', version: undefined }],
  ['left-pad@1.3.0', { name: 'left-pad', version: '1.3.0' }],
  ['@acme/tool', { name: '@acme/tool', version: undefined }],
  ['@acme/tool@2.0.0-rc.1', { name: '@acme/tool', version: '2.0.0-rc.1' }],
  ['a@1@2', { name: 'a', version: '1@2' }],
])('%s is taken apart', (text, spec) => {
  expect(parsePackageSpec(text)).toEqual(spec);
});

test.each(['', '@', '@acme', '@acme/', '@/tool', '@a/b/c', 'left-pad@', 'left pad', 'a\u001b[2J', 'a@1\n'])(
  '%j is not a package',
  (text) => {
    expect(() => parsePackageSpec(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  },
);

test('the message about a bad name repeats no control character', () => {
  expect(() => parsePackageSpec('a\u001b[31m b')).toThrow(/^`a\[31m b` is not a package$/);
});
