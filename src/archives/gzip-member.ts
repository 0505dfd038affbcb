import { once } from 'node:events';
import { createInflateRaw } from 'node:zlib';

/** Flags of a gzip header, RFC 1952 §2.3.1. */
const headerChecksum = 2;
const extraField = 4;
const fileName = 8;
const comment = 16;
const fixedHeader = 10;
/** CRC-32 and length, both four bytes. */
const trailer = 8;
/** A name and a comment fit; more is no header. */
const longestHeader = 64 * 1024;

/**
 * What the one member of a gzip file holds. Node's own reader goes on with the next member, and past zeros, where
 * flate2, which cargo reads crates with, stops. So a file with anything after its first member is refused.
 */
export async function* unzipped(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw();
  const failure = once(inflate, 'close').then(() => inflate.errored ?? undefined);
  failure.catch(() => {});
  let total = 0;
  let header = 0;
  const feed = async (): Promise<void> => {
    let start: Buffer = Buffer.alloc(0);
    for await (const chunk of bytes) {
      total += chunk.length;
      if (header > 0) {
        await write(inflate, chunk);
        continue;
      }
      start = Buffer.concat([start, chunk]);
      header = headerLength(start);
      if (header > 0) await write(inflate, start.subarray(header));
      else if (start.length > longestHeader) throw new Error('its gzip header does not end');
    }
    inflate.end();
  };
  const fed = feed().catch((error: Error) => {
    inflate.destroy(error);
  });
  for await (const chunk of inflate as AsyncIterable<Buffer>) yield chunk;
  await fed;
  if (inflate.bytesWritten + header + trailer !== total) {
    throw new Error(
      'something follows the end of its compressed data, and programs disagree on what that is',
    );
  }
}

async function write(inflate: ReturnType<typeof createInflateRaw>, chunk: Buffer): Promise<void> {
  if (inflate.destroyed || inflate.write(chunk)) return;
  await Promise.race([once(inflate, 'drain'), once(inflate, 'close')]);
}

/** 0 while the header is not complete. */
function headerLength(start: Buffer): number {
  const flags = start[3] ?? 0;
  let at = fixedHeader;
  if (start.length < at) return 0;
  if (flags & extraField) {
    if (start.length < at + 2) return 0;
    at += 2 + start.readUInt16LE(at);
  }
  for (const flag of [fileName, comment]) {
    if (!(flags & flag)) continue;
    const end = start.indexOf(0, at);
    if (end === -1) return 0;
    at = end + 1;
  }
  if (flags & headerChecksum) at += 2;
  return start.length < at ? 0 : at;
}
