import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PubError } from '../../errors.ts';
import type { StreamedBody } from '../../http/transport.ts';
import type { Archive } from '../ecosystem.ts';

/** A multiple of 3, so that each chunk is whole in base64. */
const chunkSize = 3 * 64 * 1024;

/** The archive as it is. */
export function rawBody(archive: Archive): StreamedBody {
  return { length: archive.size, open: () => archiveBytes(archive) };
}

/**
 * The archive in base64 inside a JSON text, which is how npm's protocol uploads it: `before`, the encoded
 * bytes, `after`. Never more than a chunk of it in memory.
 */
export function base64Body(archive: Archive, before: string, after: string): StreamedBody {
  const encodedLength = 4 * Math.ceil(archive.size / 3);
  return {
    length: Buffer.byteLength(before) + encodedLength + Buffer.byteLength(after),
    open: () => base64Chunks(archive, before, after),
  };
}

async function* base64Chunks(archive: Archive, before: string, after: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(before);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of archiveBytes(archive)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    rest = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'));
  yield Buffer.from(after);
}

/**
 * The bytes that were digested and shown. The file may lie where others write: what replaced it meanwhile, also
 * with as many bytes, fails before its last part is sent, so that no registry has a whole request.
 */
async function* archiveBytes({ path, size, digests }: Archive): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let sent = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkSize })) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    sent += bytes.length;
    if (sent > size || (sent === size && hash.digest('hex') !== digests.sha256)) throw changed(path);
    yield bytes;
    if (sent === size) return;
  }
  if (sent !== size) throw changed(path);
}

function changed(path: string): PubError {
  return new PubError('E_ARCHIVE', `\`${path}\` changed while it was sent`, {
    hint: 'run the command again',
  });
}
