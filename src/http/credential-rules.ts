import { PubError } from '../errors.ts';
import { isTokenText, Secret } from '../secret.ts';
import type { HttpRequest } from './transport.ts';

/** Visible ASCII: what RFC 6750's `b64token` and every registry's tokens and codes are made of. */
const isVisible = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

/**
 * The headers that carry credentials. A value that is not visible ASCII is refused, unseen: it could end
 * the header and begin another one, and the library's own error would print it.
 */
export function credentialHeaders(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  if (request.token !== undefined) {
    headers['authorization'] = `Bearer ${headerValue(request.token, 'token')}`;
  }
  if (request.bareToken !== undefined) {
    headers['authorization'] = headerValue(request.bareToken, 'token', isTokenText);
  }
  if (request.basicCredential !== undefined) {
    headers['authorization'] = `Basic ${Buffer.from(request.basicCredential.expose()).toString('base64')}`;
  }
  if (request.oneTimePassword !== undefined) {
    headers['npm-otp'] = headerValue(request.oneTimePassword, 'one-time password');
  }
  return headers;
}

function headerValue(secret: Secret, what: string, allowed = isVisible): string {
  const value = what === 'token' ? secret.expose() : secret.expose().replaceAll(' ', '');
  if (allowed(value)) return value;
  const problem = value === '' ? 'is empty' : 'holds a character that no registry issues';
  throw new PubError('E_CONFIG', `the ${what} ${problem}`, {
    hint: `copy the ${what} again, without quotes, spaces or line breaks`,
  });
}

/** Refuses to send a credential where anyone on the way can read it. */
export function requireProtectedConnection(request: HttpRequest): void {
  const { url, token, bareToken, basicCredential, oneTimePassword, body } = request;
  const credentials = [token, bareToken, basicCredential, oneTimePassword];
  const carriesSecret = credentials.some((one) => one !== undefined) || body instanceof Secret;
  if (!carriesSecret || url.protocol === 'https:' || isLoopback(url)) return;
  throw new PubError('E_CONFIG', `refusing to send a credential to ${url.host} without encryption`, {
    hint: `use https:// in the registry's URL; plain http is for this machine only`,
  });
}

/** RFC 6761 §6.3 for the name, RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3 for the addresses. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  );
}
