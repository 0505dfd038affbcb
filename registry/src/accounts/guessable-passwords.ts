import { commonPasswords } from './common-passwords.ts';

/**
 * Passwords that are tried first: NIST SP 800-63B-4 §3.1.1.2 wants a new one held against those. A list in here is
 * short; it is meant to stop what a guesser tries within the limits on guessing, and length does the rest.
 */

/** Shorter words are in too many good passwords. */
const shortestWord = 4;

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv',
];

/** How a guesser would come to this password, or nothing. `words` are those everybody knows of the account. */
export function findGuess(
  password: string,
  words: readonly (string | null | undefined)[],
): string | undefined {
  const plain = plainText(password);
  const normal = letters(plain);
  // A sign at either end is a letter in `$unshine` and nothing in `sunshine!`.
  const cores = [stripEnds(normal), letters(stripEnds(plain))];
  const isMade = (word: string) => cores.some((core) => isMostly(core, word));
  if (common.has(normal) || [...common].some(isMade)) {
    return 'on lists of common passwords, or hardly more than one of them';
  }
  if (isRepetition(normal)) return 'a repetition';
  if (isSequence(plain)) return 'a sequence of the keyboard or the alphabet';
  if (parts(words).some(isMade)) return 'made of what everybody knows of the account';
  return undefined;
}

/** Upper case, full-width letters and spaces make no difference to a guesser. */
function plainText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, '');
}

const swaps: Readonly<Record<string, string>> = { '@': 'a', $: 's', '!': 'i', '0': 'o', '3': 'e', '5': 's' };

/** Nor do the usual signs for letters. */
function letters(plain: string): string {
  return plain.replaceAll(/[@$!035]/g, (sign) => swaps[sign] ?? sign);
}

function normalise(text: string): string {
  return letters(plainText(text));
}

const common = new Set(commonPasswords.map(normalise));

/** Without the digits and signs that people put around a word. */
function stripEnds(normal: string): string {
  return normal.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
}

/** One short piece again and again: `aaaaaaaaaaaaaaa`, `abcabcabcabcabc`. */
function isRepetition(normal: string): boolean {
  return /^(.{1,5}?)\1{2,}.{0,4}$/u.test(normal) && new Set(normal).size <= 6;
}

/** Runs of the keyboard or the alphabet, forward or backward, and nothing else. */
function isSequence(normal: string): boolean {
  const all = runs.flatMap((run) => [run, [...run].reverse().join('')]);
  let rest = normal;
  for (let pieces = 0; pieces < 4 && rest !== ''; pieces++) {
    let length = 0;
    while (length < rest.length && all.some((run) => run.includes(rest.slice(0, length + 1)))) length += 1;
    if (length < 3) return false;
    rest = rest.slice(length);
  }
  return rest === '';
}

/** Names, and the parts of addresses, that are long enough to mean something. */
function parts(words: readonly (string | null | undefined)[]): string[] {
  return words
    .flatMap((word) => [word ?? '', ...(word ?? '').split(/[@.\s_-]+/)])
    .map(normalise)
    .filter((word) => word.length >= shortestWord);
}

/** The word with at most a few letters more, or nothing but the word several times. */
function isMostly(core: string, word: string): boolean {
  if (!core.includes(word)) return false;
  return stripEnds(core.replaceAll(word, '')).length < shortestWord;
}
