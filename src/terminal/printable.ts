import { withoutEscapeSequences } from '../escape-sequences.ts';

/** C0, DEL and C1, line and paragraph separators, and what changes the direction of text (UAX #9). */
const unprintableButNewline = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text of unknown origin as lines that can only be read: nothing in it moves the cursor or hides a part. */
export function printableLines(text: string): string {
  return withoutEscapeSequences(text.toWellFormed())
    .replace(/\r\n/g, '\n')
    .replace(/\t/g, '  ')
    .replace(unprintableButNewline, '');
}

/** As {@link printableLines}, on one line: a line break could forge a line of ours. */
export function printable(text: string): string {
  return printableLines(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** JSON that keeps every character's meaning, with those a terminal would act on written as JSON's escapes. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    unprintableButNewline,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line as several of at most `width` characters, broken between words; a word that is longer stays whole. */
export function linesOf(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
