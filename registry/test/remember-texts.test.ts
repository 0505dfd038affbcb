import { expect, test } from 'vitest';
import { rememberTexts } from '../src/remember-texts.ts';

test('a text that was seen is not worked out again, and few are remembered', () => {
  let asked = 0;
  const length = rememberTexts((text) => {
    asked += 1;
    return text.length;
  });
  expect([length('gzip'), length('gzip, br'), length('gzip')]).toEqual([4, 8, 4]);
  expect(asked).toBe(2);
  for (let i = 0; i < 1_000; i += 1) expect(length(`${i}`)).toBe(`${i}`.length);
  expect(length('gzip')).toBe(4);
  expect(asked).toBe(1_003);
});
