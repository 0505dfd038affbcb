/** Every refusal a client can meet, with its HTTP status. The table of `docs/protocol.md`. */
export const refusalStatus = {
  bad_request: 400,
  bad_archive: 400,
  bad_attestation: 400,
  manifest_mismatch: 400,
  digest_mismatch: 400,
  unauthenticated: 401,
  login_refused: 401,
  otp_required: 401,
  otp_refused: 401,
  passkey_refused: 401,
  confirmation_refused: 400,
  otp_throttled: 403,
  throttled: 429,
  not_owner: 403,
  factor_not_enrolled: 403,
  owner_without_factor: 403,
  proof_required: 403,
  account_held: 403,
  token_limited: 403,
  registration_closed: 403,
  upstream_name: 403,
  // Not 502: npm repeats every request that is answered with a 5xx, and this one would be answered alike.
  upstream_refused: 403,
  not_found: 404,
  too_late: 403,
  version_exists: 409,
  conflict: 409,
  too_large: 413,
  range_not_satisfiable: 416,
  // Not 501: npm repeats every request that is answered with a 5xx.
  unsupported: 400,
  upstream_unavailable: 503,
} as const;

export type RefusalCode = keyof typeof refusalStatus;

export interface RefusalDetails {
  readonly cause?: unknown;
  /** Seconds after which it is worth trying again; sent as `retry-after`. */
  readonly retryAfter?: number;
  /** Where a person can approve in a browser, and where the program fetches the proof. Capabilities: secret. */
  readonly approval?: { readonly page: string; readonly done: string };
}

/**
 * A controlled "no" to a client. The message is shown to a person: what was refused and why, in lower case,
 * without a full stop, never with a secret. Anything else that is thrown is a fault of the server: 500.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly retryAfter: number | undefined;
  readonly approval: RefusalDetails['approval'];

  constructor(code: RefusalCode, message: string, details: RefusalDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryAfter = details.retryAfter;
    this.approval = details.approval;
  }

  get status(): number {
    return refusalStatus[this.code];
  }
}
