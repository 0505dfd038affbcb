import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Archive } from '../ecosystems/ecosystem.ts';
import { PubError } from '../errors.ts';
import type { StreamedBody } from '../http/transport.ts';

/** A multiple of 3, so that each chunk is whole in base64. */
const chunkSize = 3 * 64 * 1024;

/** The archive as it is. */
export function rawBody(archive: Archive): StreamedBody {
  return { length: archive.size, open: () => archiveBytes(archive) };
}

/**
 * The bytes that were digested and shown. The file may lie where others write: what replaced it meanwhile, also
 * with as many bytes, fails before its last part is sent, so that no registry has a whole request.
 */
export async function* archiveBytes({ path, size, digests }: Archive): AsyncGenerator<Buffer> {
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
