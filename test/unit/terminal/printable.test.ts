import { describe, expect, test } from 'vitest';
import { linesOf, printable, printableJson, printableLines } from '../../../src/terminal/printable.ts';

describe('printable text', () => {
  test.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['a cleared screen', '\u001b[2J\u001b[Hhome', 'home'],
    ['C1 control sequences', '\u009b31mred', 'red'],
    ['a changed title', '\u001b]0;evil\u0007title', 'title'],
    ['a link', '\u001b]8;;http://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['a device string', '\u001bPq#0\u001b\\x', 'x'],
    ['backspaces', 'ok\b\b\bno', 'okno'],
    ['a carriage return', 'safe\rhidden', 'safehidden'],
    ['DEL and NUL', 'a\u007f\u0000b', 'ab'],
    ['bidi overrides', '\u202egnp.exe\u2066x\u200f', 'gnp.exex'],
    ['line separators', 'a\u2028b\u2029c', 'abc'],
    ['half a pair', 'a\ud800b', 'a\ufffdb'],
    ['letters of the world', 'Grüße 你好 🎉 é', 'Grüße 你好 🎉 é'],
  ])('loses %s', (_, hostile, clean) => {
    expect(printableLines(hostile)).toBe(clean);
    expect(printable(hostile)).toBe(clean);
  });

  test('keeps lines only where lines are meant', () => {
    expect(printableLines('a\r\nb\n\tc')).toBe('a\nb\n  c');
    expect(printable('failed\nhint: run evil')).toBe('failed hint: run evil');
  });

  test('no pair of removed parts makes a new sequence', () => {
    for (const text of ['\u001b\u001b[31m[32mx', '\u001b\u0000[31mx', '\u009b\u009b', '\u001b]\u001b]x']) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
      expect(printableLines(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });

  test('JSON keeps the meaning of every character and the look of none', () => {
    const value = { text: 'a\u009b31m\u202e\u2028\n\u007f' };
    const json = printableJson(value);
    expect(json).toBe('{\n  "text": "a\\u009b31m\\u202e\\u2028\\n\\u007f"\n}');
    expect(JSON.parse(json)).toEqual(value);
  });
});

test('a question is broken between words', () => {
  expect(linesOf('changing the policy of my-package needs it', 14)).toEqual([
    'changing the',
    'policy of',
    'my-package',
    'needs it',
  ]);
  expect(linesOf('a 0123456789012345 b', 10)).toEqual(['a', '0123456789012345', 'b']);
  expect(linesOf('', 10)).toEqual(['']);
});
