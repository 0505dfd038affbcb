import type { Secret } from '../secret.ts';

/**
 * What the parent asks its child, as one line of JSON on stdin; the secret never stands in an argument or a
 * variable. Stdin stays open until the answer: its end tells the child that nobody waits any more.
 */
export interface KeychainRequest {
  /** `get-bytes`: as `get`, of an entry that holds UTF-8 where this program would have stored UTF-16 (Windows). */
  readonly action: 'get' | 'get-bytes' | 'set' | 'delete';
  readonly service: string;
  readonly account: string;
  readonly token?: Secret | undefined;
  /** True when a person could answer a dialog. */
  readonly mayPrompt: boolean;
}

/**
 * The end of a request. `absent` says that the keychain was asked and has nothing; the others say that it
 * could not be asked, each with its own remedy, and none may be taken for `absent`.
 */
export type KeychainAnswer =
  | { readonly status: 'found'; readonly token: Secret }
  | { readonly status: 'stored' | 'erased' | 'absent' }
  | { readonly status: KeychainFault; readonly reason: string };

export const keychainFaults = [
  /** It is there, and closed. */
  'locked',
  /** There is none: no bus, no service, no default collection, no binding for this machine. */
  'unavailable',
  /** It refused, or what it gave back is not what was stored. */
  'denied',
  /** Several entries match, and none can be chosen. */
  'ambiguous',
  /** It is there and does not answer. */
  'silent',
] as const;

export type KeychainFault = (typeof keychainFaults)[number];

/** What the child writes, one per line: how far it is, then one answer. */
export type KeychainLine =
  /** The binding is loaded; from here on it is the keychain that takes its time. */
  | { readonly status: 'ready' }
  /** The next call may open a dialog and then lasts as long as the person takes. */
  | { readonly status: 'asking' }
  | { readonly status: 'found'; readonly token: string }
  | { readonly status: 'stored' | 'erased' | 'absent' }
  | { readonly status: KeychainFault; readonly reason: string };
