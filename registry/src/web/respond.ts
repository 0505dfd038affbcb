import type { FastifyReply } from 'fastify';

/**
 * What a page may load and do: our own style, our own scripts, forms to ourselves. No frame around it: an
 * approval is a click worth stealing. Nothing of anybody else, whatever a README says.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * `same-origin` and not `no-referrer`: with the latter browsers send forms with `Origin: null` (Fetch, "append
 * a request Origin header"), and `csrf.ts` would have nothing to look at. Either keeps the URL of an approval,
 * which is a capability, from everybody else.
 */
const headers = {
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The headers of every answer of the pages, redirects and failures among them. */
export function protect(reply: FastifyReply): FastifyReply {
  return reply.headers(headers);
}

export async function sendDocument(reply: FastifyReply, status: number, document: string): Promise<void> {
  await protect(reply).code(status).type('text/html; charset=utf-8').send(document);
}
