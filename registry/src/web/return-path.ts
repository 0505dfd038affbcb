import type { FastifyRequest } from 'fastify';

/** Where the visitor goes who came from nowhere in particular. */
export const home = '/-/web/account';

/** Any origin: the text must be a path within it. */
const origin = 'http://registry.example';

/**
 * A path of our pages to go back to, from text anybody may have written. `home` for everything else: other
 * sites in all their spellings (`//host`, `/\host`), and pages that are no place to come back to.
 */
export function safeReturn(text: string | undefined): string {
  if (text === undefined || text.length > 500 || !/^\/[\x21-\x7e]*$/.test(text) || text.includes('\\'))
    return home;
  const url = URL.parse(text, origin);
  if (url === null || url.origin !== origin) return home;
  const path = url.pathname + url.search;
  return /^\/-\/web\/(?!log-in|log-out|confirm|static)/.test(path) ? path : home;
}

/** The page a visitor was on: this one, or for a form the one that holds it. */
export function currentPage(request: FastifyRequest): string {
  if (request.method === 'GET') return safeReturn(request.url);
  const referer = URL.parse(String(request.headers.referer ?? ''));
  // The host is the visitor's own: `csrf.ts` let nothing else through.
  return referer === null ? home : safeReturn(referer.pathname + referer.search);
}

/** `page`, with where to go afterwards. */
export function withReturn(page: string, back: string): string {
  return back === home ? page : `${page}?${new URLSearchParams({ return: back })}`;
}
