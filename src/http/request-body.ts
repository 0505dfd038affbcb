import { Secret } from '../secret.ts';
import type { HttpRequest, StreamedBody } from './transport.ts';

/** Bytes; `undefined` when there is no body. */
export function bodyLength(body: HttpRequest['body']): number | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Secret) return Buffer.byteLength(body.expose());
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

/** What goes to the connection; a stream reports how much of it has gone. */
export function openBody({ body, onProgress }: HttpRequest): string | AsyncIterable<Uint8Array> | null {
  if (body === undefined) return null;
  if (body instanceof Secret) return body.expose();
  return typeof body === 'string' ? body : counted(body, onProgress);
}

/** Asked for the next chunk, the connection has taken the last one. */
async function* counted(
  body: StreamedBody,
  onProgress: HttpRequest['onProgress'],
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of body.open()) {
    yield chunk;
    sent += chunk.length;
    onProgress?.(sent);
  }
}
