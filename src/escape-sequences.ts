/**
 * Whole escape sequences, so that `\u001b[31m` does not leave `[31m` behind: CSI (ECMA-48 §5.4), the string
 * sequences (OSC, DCS, SOS, PM, APC) up to their end, and the two-character ones. No class overlaps the
 * next, so a hostile text costs no more than its length.
 */
const escapeSequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is its purpose
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;

/** The text without what a terminal would obey as a whole. What is left may still hold single control characters. */
export function withoutEscapeSequences(text: string): string {
  return text.replace(escapeSequences, '');
}
