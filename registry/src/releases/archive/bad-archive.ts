import { Refusal } from '../../errors.ts';

/** The refusal of an archive that breaks `rule`, naming the entry where there is one. */
export function badArchive(rule: string, entry?: string, cause?: unknown): Refusal {
  const where = entry === undefined ? '' : ` at ${JSON.stringify(printable(entry))}`;
  return new Refusal('bad_archive', `the archive is refused${where}: ${rule}`, { cause });
}

/** Control characters and those that turn the direction of text: they change what a person believes to read. */
export const deceptive =
  /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/u;

const longestShown = 160;

function printable(text: string): string {
  const short = text.length > longestShown ? `${text.slice(0, longestShown).toWellFormed()}…` : text;
  return short.replaceAll(new RegExp(deceptive, 'gu'), '?');
}

const strictUTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text in `bytes`; `undefined` when they are not UTF-8. A byte order mark stays in. */
export function decodeUTF8(bytes: Uint8Array): string | undefined {
  try {
    return strictUTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
