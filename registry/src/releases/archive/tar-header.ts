import { badArchive, decodeUTF8 } from './bad-archive.ts';
import { isZero } from './byte-reader.ts';

/** One 512-byte header of a tar archive (POSIX.1-2017 pax "ustar Interchange Format", and GNU's variant). */
export interface TarHeader {
  readonly type: string;
  /** `undefined` when it is not UTF-8: a long path is cut in the middle of a character, and announced whole. */
  readonly path: string | undefined;
  readonly size: number;
  /** With the bits above the permissions, which some writers fill. */
  readonly mode: number;
}

export const blockSize = 512;

/** Reads a header as every reader does, and refuses what readers are known to see differently. */
export function parseTarHeader(block: Buffer): TarHeader {
  checkChecksum(block);
  const path = readPath(block);
  return {
    type: String.fromCharCode(block[156] ?? 0),
    path,
    size: octal(block.subarray(124, 136), 'size', path),
    mode: octal(block.subarray(100, 108), 'mode', path),
  };
}

function checkChecksum(block: Buffer): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  if (octal(block.subarray(148, 156), 'checksum') !== sum) throw badArchive('a header has a wrong checksum');
}

/**
 * The name, with what precedes it in the prefix field. The field means that only behind the magic of ustar;
 * GNU's archives keep times and sparse maps there, which no archive of a package needs.
 */
function readPath(block: Buffer): string | undefined {
  const name = text(block.subarray(0, 100));
  const magic = block.toString('latin1', 257, 265);
  if (magic === 'ustar\u000000') {
    const prefix = text(block.subarray(345, 500));
    if (prefix === '') return name;
    return name === undefined || prefix === undefined ? undefined : `${prefix}/${name}`;
  }
  if (magic !== 'ustar  \0') throw badArchive('a header is of an unknown format', name);
  if (!isZero(block.subarray(345))) throw badArchive('a header has extensions of GNU tar', name);
  return name;
}

function text(field: Buffer): string | undefined {
  const end = field.indexOf(0);
  return decodeUTF8(end === -1 ? field : field.subarray(0, end));
}

/** Octal digits between blanks. GNU's binary form is refused: it is for values that no entry here may have. */
function octal(field: Buffer, what: string, entry?: string): number {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
  if (digits === undefined) throw badArchive(`the ${what} in a header is not a number`, entry);
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}
