import { type ErrorCode, PubError } from '../errors.ts';
import type { KeychainEntry } from './keychain-entry.ts';
import type { KeychainFault } from './keychain-protocol.ts';

const codes: Readonly<Record<KeychainFault, ErrorCode>> = {
  locked: 'E_KEYCHAIN_LOCKED',
  unavailable: 'E_KEYCHAIN_UNAVAILABLE',
  denied: 'E_KEYCHAIN_DENIED',
  ambiguous: 'E_KEYCHAIN_DENIED',
  silent: 'E_KEYCHAIN_UNAVAILABLE',
};

const messages: Readonly<Record<KeychainFault, string>> = {
  locked: 'the keychain is locked',
  unavailable: 'there is no keychain to be reached',
  denied: 'the keychain refused',
  ambiguous: 'the keychain has more than one entry for this account',
  silent: 'the keychain does not answer',
};

const instead = 'use none: set PUB_TOKEN, to what `pub login --print-token` prints';

/** What a person can do about a fault of the keychain. */
export function keychainError(
  { status, reason }: { status: KeychainFault; reason: string },
  entry: KeychainEntry,
  platform: NodeJS.Platform,
): PubError {
  const hints: Readonly<Record<KeychainFault, string>> = {
    locked: `unlock it${howToUnlock(platform)}, then repeat the command; or ${instead}`,
    unavailable:
      platform === 'linux'
        ? `start a Secret Service such as gnome-keyring or KeePassXC in this session; or ${instead}`
        : instead,
    denied: `allow the access when you are asked; or ${instead}`,
    ambiguous: `remove them with \`secret-tool clear service ${entry.service} username ${entry.account}\`, then run \`pub login\``,
    silent: `its service may be frozen: log out and in again, or restart it; or ${instead}`,
  };
  return new PubError(codes[status], messages[status], { cause: new Error(reason), hint: hints[status] });
}

function howToUnlock(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return ' with `security unlock-keychain`';
  return platform === 'linux' ? ' by logging in at the desktop or opening its settings' : '';
}
