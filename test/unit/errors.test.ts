import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCodes, exitCodeOf, PubError } from '../../src/errors.ts';

const documentation = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The rows of the table of codes: code → exit code, and the number of filled columns. */
function documented(): Map<string, { exitCode: number; columns: number }> {
  const rows = documentation.matchAll(/^\| `(E_[A-Z_]+)` \| (\d+) \|(.*)\|$/gm);
  return new Map(
    [...rows].map(([, code = '', exitCode, rest = '']) => [
      code,
      { exitCode: Number(exitCode), columns: rest.split(' | ').filter((cell) => cell.trim() !== '').length },
    ]),
  );
}

describe('the codes of errors', () => {
  it('are the documented ones, in the same order', () => {
    expect([...documented().keys()]).toEqual([...errorCodes]);
  });

  it.each(errorCodes)('%s has the documented exit code, a meaning and something to do', (code: ErrorCode) => {
    expect(documented().get(code)).toEqual({ exitCode: exitCodeOf(new PubError(code, 'x')), columns: 2 });
  });

  it('lead to exit code 1 for what nobody foresaw', () => {
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
    expect(exitCodeOf('thrown text')).toBe(1);
  });
});
