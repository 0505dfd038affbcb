import type { FastifyRequest } from 'fastify';
import type { ByteRange } from '../store/blob-folder.ts';

/**
 * The part of a body that a client asks for: RFC 9110 §14. `whole` where it asks for none, for several, or in
 * a way that is not understood, all of which a server may answer with everything; `none` where nothing lies in it.
 */
export type RequestedRange = 'whole' | 'none' | ByteRange;

export function requestedRange(request: FastifyRequest, size: number, etag: string): RequestedRange {
  const { range, 'if-range': ifRange } = request.headers;
  if (range === undefined || request.method !== 'GET') return 'whole';
  // §13.1.5: compared strongly. A date is never ours, for we send no Last-Modified.
  if (ifRange !== undefined && ifRange !== etag) return 'whole';
  return parseRange(range, size);
}

export function parseRange(header: string, size: number): RequestedRange {
  const [, first = '', last = ''] = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header) ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') return lastBytes(Number(last), size);
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'none';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function lastBytes(count: number, size: number): RequestedRange {
  if (count === 0 || size === 0) return 'none';
  return { start: Math.max(0, size - count), end: size - 1 };
}
