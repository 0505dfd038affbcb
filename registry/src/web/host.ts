import type { FastifyRequest } from 'fastify';
import { findRelyingParty } from '../accounts/passkeys/relying-party.ts';
import { isLoopback } from '../loopback.ts';
import type { Settings } from '../services.ts';

/**
 * Where the same page is found under the name that passkeys belong to: a registry on this machine is known by
 * several (127.0.0.1, [::1]), and browsers hand out passkeys at `localhost` alone. `undefined` where the visitor
 * is there already.
 */
export function betterAddress(request: FastifyRequest, settings: Settings): string | undefined {
  const asked = URL.parse(`http://${request.headers.host ?? ''}`);
  const party = findRelyingParty(settings);
  if (asked === null || party?.id !== 'localhost' || asked.hostname === 'localhost') return undefined;
  if (!isLoopback(asked.hostname.replace(/^\[|\]$/g, ''))) return undefined;
  const port = asked.port === '' ? '' : `:${asked.port}`;
  return `${new URL(party.origin).protocol}//localhost${port}${request.url}`;
}
