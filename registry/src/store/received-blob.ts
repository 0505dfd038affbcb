import { createHash } from 'node:crypto';
import { write as writeWithCallback } from 'node:fs';
import { promisify } from 'node:util';
import { Refusal } from '../errors.ts';

/** Where bytes lie that somebody is to look at: few of them in memory, more in a file. */
export type BlobContent = { readonly bytes: Buffer } | { readonly path: string };

/** Bytes that have arrived and are not yet part of a store. Either keeping or discarding ends their life. */
export interface ReceivedBlob {
  readonly content: BlobContent;
  readonly size: number;
  /** Lower-case hexadecimal, as are the other two. */
  readonly sha256: string;
  readonly sha512: string;
  readonly sha1: string;
}

export interface ReceiveLimits {
  readonly maximumBytes: number;
}

/**
 * Up to here bytes stay in memory until they are kept. Making a file costs as much as the rest of a small publish,
 * and waits for whatever the file system is writing at the time (measured on ext4).
 */
export const largestInMemory = 64 * 1024;

/** Whether keeping it takes a file, and not a row alone. */
export function isKeptInFile({ content }: ReceivedBlob): boolean {
  return 'path' in content;
}

/** A file to receive into; the descriptor is the caller's, who closes it. */
export interface IncomingFile {
  readonly path: string;
  readonly descriptor: number;
}

const write = promisify(writeWithCallback);

/**
 * Takes the bytes in: into memory, and from `largestInMemory` on into the file that `createFile` makes, at most
 * once. Over `maximumBytes`: refused with `too_large`. `source` stays open: it is usually a request that still
 * needs its answer.
 */
export async function receiveBytes(
  source: AsyncIterable<Uint8Array>,
  { maximumBytes }: ReceiveLimits,
  createFile: () => Promise<IncomingFile>,
): Promise<ReceivedBlob> {
  const hashes = [createHash('sha256'), createHash('sha512'), createHash('sha1')] as const;
  let size = 0;
  let held: Uint8Array[] = [];
  let file: IncomingFile | undefined;
  const pieces = source[Symbol.asyncIterator]();
  // Not `for await`, which closes what it leaves early: a request that is closed cannot be answered any more.
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    size += next.value.byteLength;
    if (size > maximumBytes) throw tooLarge(maximumBytes);
    for (const hash of hashes) hash.update(next.value);
    if (size > largestInMemory) {
      file ??= await createFile();
      for (const piece of [...held, next.value]) await writeAll(file.descriptor, piece);
      held = [];
    } else held.push(next.value);
  }
  const content = file === undefined ? { bytes: Buffer.concat(held) } : { path: file.path };
  const [sha256, sha512, sha1] = hashes.map((hash) => hash.digest('hex')) as [string, string, string];
  return { content, size, sha256, sha512, sha1 };
}

export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await write(descriptor, bytes, at)).bytesWritten;
}

function tooLarge(maximumBytes: number): Refusal {
  return new Refusal(
    'too_large',
    `the archive is larger than this registry's limit of ${maximumBytes} bytes`,
  );
}
