import { PubError } from '../errors.ts';
import type { HttpRequest, Transport } from './transport.ts';

const most = 5;
const redirections = new Set([301, 302, 303, 307, 308]);

/**
 * Follows redirects of GET. Another origin gets no credential, and nothing leads from https to http. A
 * redirected write is returned as it is: repeating it elsewhere is not what was confirmed.
 */
export function followRedirects(transport: Transport): Transport {
  return {
    async send(request) {
      let current = request;
      for (let followed = 0; ; followed += 1) {
        const response = await transport.send(current);
        const location = response.headers['location'];
        if (current.method !== 'GET' || !redirections.has(response.status) || location === undefined) {
          if (response.status === 401) refuseLostToken(request, current);
          return response;
        }
        if (followed === most) throw new PubError('E_NETWORK', `${request.url.host} redirects too often`);
        current = redirected(current, location);
      }
    },
  };
}

function redirected(request: HttpRequest, location: string): HttpRequest {
  const target = URL.canParse(location, request.url.href) ? new URL(location, request.url.href) : undefined;
  if (target === undefined || !allowed(request.url, target)) {
    throw new PubError('E_NETWORK', `${request.url.host} redirects to where we do not follow`, {
      hint: 'check the URL of the registry',
    });
  }
  const {
    token: _token,
    bareToken: _bare,
    basicCredential: _basic,
    oneTimePassword: _code,
    ...rest
  } = request;
  return target.origin === request.url.origin ? { ...request, url: target } : { ...rest, url: target };
}

/** Without the token that stayed behind it says nothing about the login. */
function refuseLostToken({ token, url: from }: HttpRequest, { url: to }: HttpRequest): void {
  if (token === undefined || to.origin === from.origin) return;
  throw new PubError('E_NETWORK', `${from.host} redirects to ${to.host}, where your token is not sent`, {
    hint: `if that is the registry, use ${to.origin} as its URL`,
  });
}

function allowed(from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false;
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
}
