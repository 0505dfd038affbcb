import { describe, expect, it } from 'vitest';
import { fileSummary, formatBytes } from '../../../src/ops/describe-archive.ts';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [999_950_000, '1.0 GB'],
    [5_000_000_000_000, '5000.0 GB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('the summary of files', () => {
  const files = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ path: `f${index}`, size: 1, mode: 0o644 }));

  it('shows all of a short list, and counts the rest of a long one', () => {
    expect(fileSummary({ files: files(20) }).split('\n')).toHaveLength(20);
    const long = fileSummary({ files: files(23) }).split('\n');
    expect(long).toHaveLength(21);
    expect(long.at(-1)).toBe('    … and 3 more: `pub package --list` shows them all');
  });
});
