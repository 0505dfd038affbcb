import type { FastifyRequest } from 'fastify';

/** True when the client has what it asks for already: RFC 9110 §13.1.2, compared weakly. */
export function matchesEtag(request: FastifyRequest, etag: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined) return false;
  if (header === etag) return true;
  const candidates = header.split(',').map((candidate) => candidate.trim().replace(/^W\//, ''));
  return candidates.some((candidate) => candidate === etag || candidate === '*');
}
