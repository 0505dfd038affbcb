import { badArchive, decodeUTF8 } from './bad-archive.ts';

export interface PaxRecords {
  readonly path: string | undefined;
  readonly size: number | undefined;
}

/** Written by npm, pnpm, yarn, bsdtar and GNU tar; no reader takes them for anything but decoration. */
const decoration =
  /^([acm]time|[ug]id|[ug]name|comment|SCHILY\.(dev|ino|nlink|fflags)|SCHILY\.(xattr|acl)\..+|LIBARCHIVE\.(creationtime|xattr\..+))$/;

/**
 * The records of one extended header: `<length> <key>=<value>\n`, length in decimal, of the whole record.
 * Unknown keys are refused, for some of them change what an entry is: `linkpath`, `GNU.sparse.*`,
 * `SCHILY.realsize`, `hdrcharset`.
 */
export function parsePaxRecords(bytes: Buffer): PaxRecords {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + recordLength(bytes, at);
    const { key, value } = parseRecord(bytes.subarray(at, end));
    if (records.has(key)) throw badArchive('a pax header sets the same thing twice', key);
    if (key !== 'path' && key !== 'size' && !decoration.test(key)) {
      throw badArchive('a pax header sets what it may not set', key);
    }
    records.set(key, value);
    at = end;
  }
  return { path: records.get('path'), size: parseSize(records.get('size')) };
}

/**
 * A global header applies to all that follows, so one that is read differently changes everything. `git
 * archive` writes one with a comment; that is all one may hold.
 */
export function checkGlobalHeader(bytes: Buffer): void {
  const { key } = parseRecord(bytes);
  if (key !== 'comment') throw badArchive('a global pax header may hold a comment only', key);
}

function recordLength(bytes: Buffer, at: number): number {
  const space = bytes.indexOf(0x20, at);
  const digits = space === -1 || space - at > 6 ? '' : bytes.toString('latin1', at, space);
  const length = /^[1-9][0-9]*$/.test(digits) ? Number(digits) : 0;
  if (length <= digits.length + 1 || at + length > bytes.byteLength) throw malformed();
  return length;
}

function parseRecord(record: Buffer): { key: string; value: string } {
  if (recordLength(record, 0) !== record.byteLength || record.at(-1) !== 0x0a) throw malformed();
  const text = decodeUTF8(record.subarray(record.indexOf(0x20) + 1, -1));
  const equals = text?.indexOf('=') ?? -1;
  if (text === undefined || equals < 1) throw malformed();
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function parseSize(size: string | undefined): number | undefined {
  if (size === undefined) return undefined;
  if (!/^(0|[1-9][0-9]{0,14})$/.test(size)) throw malformed();
  return Number(size);
}

function malformed() {
  return badArchive('a pax header is malformed');
}
