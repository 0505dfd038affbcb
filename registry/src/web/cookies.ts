import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Cookies hold one random value each. Over https their names begin with `__Host-`: browsers then take them from
 * this host alone, over https alone, and no neighbour on a subdomain can plant one (RFC 6265bis §4.1.3.2).
 * Plain http, for a registry on one's own machine, has no such names.
 *
 * `SameSite=Lax` and not `Strict`: whoever follows a link from a mail arrives logged in. What Lax adds is GET
 * from elsewhere, and no GET changes anything; every POST is checked for its origin and its form's token.
 */
export type CookieName = 'session' | 'form';

export function readCookie(request: FastifyRequest, name: CookieName, publicUrl: string): string | undefined {
  // Not there yet where the request was refused before anything of it was read.
  const value = (request.cookies as Record<string, string | undefined> | undefined)?.[
    fullName(name, publicUrl)
  ];
  // 256 bits, base64url: what `accounts/sessions.ts` makes. Anything else is not ours.
  return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
}

export function setCookie(
  reply: FastifyReply,
  name: CookieName,
  { value, publicUrl }: { readonly value: string; readonly publicUrl: string },
): void {
  reply.setCookie(fullName(name, publicUrl), value, attributes(publicUrl));
}

export function clearCookie(reply: FastifyReply, name: CookieName, publicUrl: string): void {
  reply.clearCookie(fullName(name, publicUrl), attributes(publicUrl));
}

/** Without an expiry: gone with the browser, and the server ends a session sooner anyway. */
function attributes(publicUrl: string) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isHttps(publicUrl) } as const;
}

function fullName(name: CookieName, publicUrl: string): string {
  return `${isHttps(publicUrl) ? '__Host-' : ''}pub-${name}`;
}

function isHttps(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}
