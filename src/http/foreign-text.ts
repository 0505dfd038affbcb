import { withoutEscapeSequences } from '../escape-sequences.ts';

const longest = 500;

/**
 * Text a stranger wrote, fit for one line of a message: no control or invisible characters, and not longer
 * than a person would read.
 */
export function foreignText(text: string): string {
  const line = withoutEscapeSequences(text.slice(0, longest * 4).toWellFormed())
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
