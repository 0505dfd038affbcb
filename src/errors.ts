import type { JsonObject } from './json.ts';

/** Every code a user can meet. Public: listed with their meaning in `docs/errors.md`. */
export const errorCodes = [
  'E_USAGE',
  'E_CONFIG',
  'E_NOT_LOGGED_IN',
  'E_LOGIN_REFUSED',
  'E_SECOND_FACTOR',
  'E_NOT_INTERACTIVE',
  'E_REFUSED',
  'E_PROJECT',
  'E_ARCHIVE',
  'E_SCRIPT',
  'E_VERSION_EXISTS',
  'E_FORBIDDEN',
  'E_NOT_FOUND',
  'E_REGISTRY',
  'E_UNSUPPORTED',
  'E_NETWORK',
  'E_KEYCHAIN_LOCKED',
  'E_KEYCHAIN_UNAVAILABLE',
  'E_KEYCHAIN_DENIED',
  'E_INTERRUPTED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  /** What to type or do next, as one sentence without a full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** What `--json` tells beside the sentences: what was done before the failure. */
  readonly details?: JsonObject | undefined;
}

/**
 * A failure we foresaw. The message says what was attempted and on what, in lower case and without a full
 * stop; the cause says what the layer below reported; the hint says what to do next. Neither ever holds a
 * secret, nor a URL with credentials in it. Anything else that reaches `main` is a bug of ours.
 */
export class PubError extends Error {
  override readonly name = 'PubError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: JsonObject | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.details = details.details;
  }
}

/** The exit codes of every command: 0 done, 1 failed, 2 wrong usage, 4 not logged in, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PubError)) return 1;
  if (error.code === 'E_USAGE') return 2;
  if (error.code === 'E_NOT_LOGGED_IN') return 4;
  if (error.code === 'E_INTERRUPTED') return 130;
  return 1;
}
