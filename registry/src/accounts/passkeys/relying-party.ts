import { isIP } from 'node:net';
import { Refusal } from '../../errors.ts';
import { isLoopback } from '../../loopback.ts';
import type { Settings } from '../../services.ts';

/** The registry as a browser and an authenticator know it. */
export interface RelyingParty {
  /** A passkey belongs to exactly this host name. */
  readonly id: string;
  /** The one origin whose pages may ask for it. */
  readonly origin: string;
}

/**
 * What passkeys of this registry are bound to, or nothing where it cannot have any: an IP address is no RP ID
 * (WebAuthn Level 3 §5.1.2), and browsers hand out no passkeys over plain HTTP but on `localhost`. A registry on
 * loopback is `localhost`, by whichever of its addresses it listens.
 */
export function findRelyingParty(settings: Pick<Settings, 'publicUrl'>): RelyingParty | undefined {
  const url = new URL(settings.publicUrl());
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host)) {
    const port = url.port === '' ? '' : `:${url.port}`;
    return { id: 'localhost', origin: `${url.protocol}//localhost${port}` };
  }
  if (isIP(host) !== 0 || url.protocol !== 'https:') return undefined;
  return { id: host, origin: url.origin };
}

/** Throws `unsupported` where there can be no passkeys. */
export function getRelyingParty(settings: Pick<Settings, 'publicUrl'>): RelyingParty {
  const party = findRelyingParty(settings);
  if (party === undefined) {
    throw new Refusal('unsupported', 'passkeys need a registry with a host name that is reached over HTTPS');
  }
  return party;
}
