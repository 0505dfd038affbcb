import { PubError } from '../errors.ts';
import type { Secret } from '../secret.ts';

/** Where a token lies in the keychain, in words that `secret-tool` and Keychain Access also use. */
export interface KeychainEntry {
  readonly service: string;
  readonly account: string;
}

/** Windows keeps at most 2560 bytes, and the binding stores two for each character (CREDENTIALW). */
const longestOnWindows = 1280;

/**
 * The entry for an account at a registry: service `pub:<url without the last slash>`, user name as it is.
 * Readable by hand: `secret-tool lookup service <service> username <account>`.
 */
export function entryFor(registryUrl: string, account: string, platform: NodeJS.Platform): KeychainEntry {
  const service = `pub:${registryUrl.replace(/\/$/, '')}`;
  if (account === '' || /\p{Cc}/u.test(account) || account.length > 200) {
    throw new PubError('E_KEYCHAIN_DENIED', 'this account name cannot be used in the keychain', {
      hint: 'set PUB_TOKEN instead',
    });
  }
  if (platform !== 'win32') return { service, account };
  return { service: escaped(service, /[A-Z~]/g), account: escaped(account, /[^a-z0-9_-]/gu) };
}

/**
 * Windows knows an entry by `<account>.<service>`, and does not tell capitals from small letters (CREDENTIALW): a
 * dot in an account could be read as the start of another service, and two paths of a host as one. What could be
 * mistaken becomes `~` and hex, `~` included, so that no two entries meet.
 */
function escaped(text: string, mistakable: RegExp): string {
  return text.replace(mistakable, (character) =>
    [...Buffer.from(character)].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

export function requireFits(token: Secret, platform: NodeJS.Platform): void {
  if (platform !== 'win32' || token.expose().length <= longestOnWindows) return;
  throw new PubError('E_KEYCHAIN_DENIED', 'the token is too long for the keychain of Windows', {
    hint: 'set PUB_TOKEN instead',
  });
}
