import { expect, test } from 'vitest';
import { createHostCheck } from '../src/own-host.ts';

test('a host that was let in lets no other one in, and none under another address', () => {
  let address = 'https://registry.example';
  const isOwnHost = createHostCheck(() => address);
  expect(['registry.example', 'registry.example', 'evil.example', ''].map(isOwnHost)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isOwnHost('registry.example')).toBe(true);
  address = 'https://new.example';
  expect(['registry.example', 'new.example', 'localhost:4873'].map(isOwnHost)).toEqual([false, true, true]);
  expect(['registry.example.evil.example', 'registry.example@evil.example'].map(isOwnHost)).toEqual([
    false,
    false,
  ]);
});

test('before the address is known only this machine is let in', () => {
  const isOwnHost = createHostCheck(() => '');
  expect(['', 'evil.example', '127.0.0.1:1'].map(isOwnHost)).toEqual([false, false, true]);
});
