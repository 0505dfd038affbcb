import type { FastifyRequest } from 'fastify';

/** True when the client has what it asks for already: RFC 9110 §13.1.2, compared weakly. */
export function matchesEtag(request: FastifyRequest, etag: string): boolean {
  const candidates = request.headers['if-none-match']?.split(',') ?? [];
  return candidates.some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
