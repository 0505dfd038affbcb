import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Document } from './document.ts';

/** Does once what is then good for every answer. */
export async function prepareDocument(text: string): Promise<Document> {
  const body = Buffer.from(text);
  const etag = createHash('sha256').update(body).digest('base64url');
  return { body, etag, gzip: await compress(body) };
}

/** What it takes of memory, in bytes. */
export function sizeOf({ body, gzip }: Document): number {
  return body.byteLength + (gzip?.byteLength ?? 0);
}

const gzipInBackground = promisify(gzip);

/** Less than this fits into one packet with its headers. */
const worthCompressing = 1_024;

/** On another thread, at zlib's own level: 6. */
async function compress(body: Buffer): Promise<Buffer | undefined> {
  return body.byteLength < worthCompressing ? undefined : await gzipInBackground(body);
}
