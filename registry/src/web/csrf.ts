import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { isLoopback } from '../loopback.ts';

/**
 * A form is taken from our own pages only. The browser says where it comes from (`Origin`, `Sec-Fetch-Site`),
 * and the form holds a token made from the visitor's cookie, which no other site can read. Either would do; a
 * fault in one is not a hole.
 */

/** For a hidden field. Changes when the cookie does, which is at every login and step-up. */
export function formToken(cookie: string): string {
  return createHmac('sha256', cookie).update('pub-registry form').digest('base64url');
}

/** Throws `bad_request` for a form of another site, of another session, or of nobody. */
export function checkForm(
  request: FastifyRequest,
  { cookie, publicUrl }: { readonly cookie: string | undefined; readonly publicUrl: string },
): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw foreign();
  // Browsers send it with every POST; what does not, is none of them.
  if (!isOwnOrigin(request, publicUrl)) throw foreign();
  const sent = (request.body as Record<string, unknown> | undefined)?.['csrf'];
  if (cookie === undefined || typeof sent !== 'string' || !equal(sent, formToken(cookie))) {
    throw new Refusal('bad_request', 'this form is no longer good: go back, reload the page and try again');
  }
}

function isOwnOrigin(request: FastifyRequest, publicUrl: string): boolean {
  const { origin, host = '' } = request.headers;
  const own = new URL(publicUrl);
  if (origin === own.origin) return true;
  // A registry on this machine has several names: 127.0.0.1, localhost.
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const local = own.hostname.replace(/^\[|\]$/g, '');
  return isLoopback(local) && isLoopback(name) && origin === `${own.protocol}//${host}`;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function foreign(): Refusal {
  return new Refusal('bad_request', 'this form was not sent from a page of this registry');
}
