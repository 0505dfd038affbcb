import { archiveBytes } from '../../archives/archive-bytes.ts';
import type { StreamedBody } from '../../http/transport.ts';
import type { Archive } from '../ecosystem.ts';

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
