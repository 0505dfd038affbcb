import { expect, test } from 'vitest';
import { cratesIoUrl, isCargoIndex, tokenUrlOf } from '../../../src/config/registry-target.ts';

test.each([
  ['sparse+https://registry.example/cargo/index/', 'https://registry.example/'],
  ['sparse+http://127.0.0.1:4873/cargo/index/', 'http://127.0.0.1:4873/'],
  ['sparse+https://host.example/under/cargo/index/', 'https://host.example/under/'],
])('the token of the index of a pub-registry, %s, is that of the registry', (index, registry) => {
  expect(tokenUrlOf(index)).toBe(registry);
});

test.each([
  'sparse+https://registry.example/index/',
  'sparse+https://registry.example/cargo/',
  'sparse+https://registry.example/notcargo/index/',
  'sparse+https://registry.example/cargo/index/more/',
  'https://registry.example/cargo/index/',
  cratesIoUrl,
])('the token of %s is its own', (url) => {
  expect(tokenUrlOf(url)).toBe(url);
});

test('a Cargo registry is told from another one by its URL', () => {
  expect([isCargoIndex('sparse+https://a.example/'), isCargoIndex(cratesIoUrl)]).toEqual([true, true]);
  expect(isCargoIndex('https://a.example/')).toBe(false);
});
