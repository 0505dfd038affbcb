import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { PubError } from '../errors.ts';
import { foreignText } from './foreign-text.ts';

/** Sent as `accept-encoding`: packuments shrink to a tenth. */
export const acceptedEncodings = 'gzip, br';

/** Reads a body that may be too long, torn, or a decompression bomb. Throws `E_NETWORK` on the last two. */
export async function readAnswer(
  url: URL,
  body: AsyncIterable<Uint8Array>,
  { encoding, limit }: { encoding: string | undefined; limit: number },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw tooLong(url, limit);
    chunks.push(chunk);
  }
  return decode(url, Buffer.concat(chunks), { encoding, limit }).toString('utf8');
}

function decode(
  url: URL,
  bytes: Buffer,
  { encoding, limit }: { encoding: string | undefined; limit: number },
): Buffer {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '' || bytes.length === 0) return bytes;
  const options = { maxOutputLength: limit };
  try {
    if (name === 'gzip' || name === 'x-gzip') return gunzipSync(bytes, options);
    if (name === 'br') return brotliDecompressSync(bytes, options);
    if (name === 'deflate') return inflateSync(bytes, options);
  } catch (error) {
    const bomb = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw bomb ? tooLong(url, limit) : damaged(url, error);
  }
  throw new PubError('E_NETWORK', `${url.host} answered in the unknown encoding "${foreignText(name)}"`);
}

function damaged(url: URL, cause: unknown): PubError {
  return new PubError('E_NETWORK', `the answer of ${url.host} is damaged`, {
    cause,
    hint: 'try again; a proxy on the way may have changed it',
  });
}

function tooLong(url: URL, limit: number): PubError {
  return new PubError('E_NETWORK', `the answer of ${url.host} is longer than ${limit} bytes`);
}
