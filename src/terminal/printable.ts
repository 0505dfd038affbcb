/**
 * Whole escape sequences, so that `\u001b[31m` does not leave `[31m` behind: CSI (ECMA-48 §5.4), the string
 * sequences (OSC, DCS, SOS, PM, APC) up to their end, and the two-character ones. No class overlaps the
 * next, so a hostile text costs no more than its length.
 */
const escapeSequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is its purpose
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;

/** C0, DEL and C1, line and paragraph separators, and what changes the direction of text (UAX #9). */
const unprintableButNewline = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text of unknown origin as lines that can only be read: nothing in it moves the cursor or hides a part. */
export function printableLines(text: string): string {
  return text
    .toWellFormed()
    .replace(escapeSequences, '')
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

/** JSON that keeps every character's meaning, with those a terminal would act on written as `\uXXXX`. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    unprintableButNewline,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
