import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Document } from '../packages/document.ts';
import { rememberTexts } from '../remember-texts.ts';
import { setCaching } from './caching.ts';
import { matchesEtag } from './matches-etag.ts';
import type { Keep } from './open-answers.ts';

export interface DocumentAnswer {
  readonly document: Document;
  readonly type: string;
  /** Whether everybody may read it. */
  readonly shared: boolean;
  /** The headers that decided what the client gets, besides how it is compressed. */
  readonly vary: string;
  readonly keep?: Keep | undefined;
}

/**
 * Answers with 304 who has the document, before it is prepared, and says whether it did. An `if-none-match` that is not
 * just the ETag of what would be sent is left to `sendDocument`.
 */
export function sentUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  { etag, shared, vary }: Pick<DocumentAnswer, 'shared' | 'vary'> & { readonly etag: string },
): boolean {
  const sent = takesGzip(request) ? `"${etag}-gzip"` : `"${etag}"`;
  if (request.headers['if-none-match'] !== sent) return false;
  setHeaders(reply, sent, { shared, vary }).code(304).send();
  return true;
}

/**
 * Sends an index document: the prepared bytes, compressed for who takes them so (RFC 9110 §12.5.3), or 304 to who
 * has them. A cache may keep it and asks each time whether it still holds.
 */
export function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  { document, type, shared, vary, keep }: DocumentAnswer,
): FastifyReply {
  const gzip = takesGzip(request) ? document.gzip : undefined;
  // Other bytes, so another strong ETag: RFC 9110 §8.8.3.3.
  const etag = gzip === undefined ? `"${document.etag}"` : `"${document.etag}-gzip"`;
  setHeaders(reply, etag, { shared, vary });
  const body = gzip ?? document.body;
  const content = { 'content-type': type, ...(gzip && { 'content-encoding': 'gzip' }) };
  keep?.({ reply, etag, content, body });
  if (matchesEtag(request, etag)) return reply.code(304).send();
  return reply.headers(content).send(body);
}

function setHeaders(
  reply: FastifyReply,
  etag: string,
  { shared, vary }: Pick<DocumentAnswer, 'shared' | 'vary'>,
): FastifyReply {
  return setCaching(reply, shared, 'no-cache')
    .header('etag', etag)
    .header('vary', `accept-encoding, ${vary}`);
}

function takesGzip(request: FastifyRequest): boolean {
  return acceptsGzip(String(request.headers['accept-encoding'] ?? ''));
}

/** Whether a client takes gzip: named, or meant by `*`, and not with a weight of nothing. */
export const acceptsGzip = rememberTexts((header) => {
  const codings = header
    .toLowerCase()
    .split(',')
    .map((coding) => coding.split(';').map((part) => part.trim()));
  const named = codings.find(([name]) => name === 'gzip' || name === 'x-gzip');
  const meant = named ?? codings.find(([name]) => name === '*');
  return meant !== undefined && !meant.some((part) => /^q=0(\.0{0,3})?$/.test(part));
});
