import { type ErrorCode, PubError } from '../errors.ts';
import { parseJsonObject, stringMember } from '../json.ts';
import { SecondFactorRequired } from '../second-factor/challenge.ts';
import { browserRequest } from './browser-request.ts';
import { foreignText } from './foreign-text.ts';
import type { HttpResponse } from './transport.ts';

/** A refusal taken apart; the parts come from an answer, or from one release of a preflight's answer. */
export interface Refusal {
  readonly status: number | undefined;
  /** `docs/protocol.md`, "Errors". Other registries send none, or codes of their own. */
  readonly code: string | undefined;
  readonly text: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
}

type Kind = readonly [code: ErrorCode, hint?: string];

/** A wrong code where one finishes an enrolment: another one can be sent at once. */
const confirmationRefused = 'confirmation_refused';

const logIn = 'run `pub login`, or check the token in the environment';

const kindByCode: Readonly<Record<string, Kind>> = {
  bad_archive: ['E_ARCHIVE'],
  manifest_mismatch: ['E_ARCHIVE'],
  digest_mismatch: ['E_NETWORK', 'the archive was damaged on the way: run the command again'],
  unauthenticated: ['E_NOT_LOGGED_IN', logIn],
  login_refused: ['E_LOGIN_REFUSED', 'check the user name and the password'],
  otp_throttled: ['E_SECOND_FACTOR', 'wait before you try another code'],
  throttled: ['E_REGISTRY', 'wait before you try again'],
  not_owner: ['E_FORBIDDEN'],
  token_limited: [
    'E_FORBIDDEN',
    'use a login (`pub login`), or a token that names this (`pub token create`)',
  ],
  factor_not_enrolled: ['E_SECOND_FACTOR', 'run `pub 2fa enable`, then repeat the command'],
  account_held: [
    'E_FORBIDDEN',
    'wait until then; whoever runs the registry can end it, once they know that it is you',
  ],
  // It says who has none, or what requires one.
  owner_without_factor: ['E_SECOND_FACTOR'],
  unsupported: ['E_UNSUPPORTED'],
  registration_closed: ['E_FORBIDDEN', 'ask whoever runs the registry for an account'],
  not_found: ['E_NOT_FOUND'],
  version_exists: ['E_VERSION_EXISTS', 'raise the version in the manifest'],
  conflict: ['E_REGISTRY'],
};

const kindByStatus: Readonly<Record<number, Kind>> = {
  401: ['E_NOT_LOGGED_IN', logIn],
  403: ['E_FORBIDDEN'],
  404: ['E_NOT_FOUND'],
  409: ['E_VERSION_EXISTS', 'raise the version in the manifest'],
};

/**
 * Translates a refused answer. `attempt` says what was tried, such as "failed to publish `a@1.0.0` to
 * registry.example"; the registry's own words become the cause.
 */
export function refusalOf(
  response: HttpResponse,
  attempt: string,
  registryUrl = '',
): PubError | SecondFactorRequired {
  const body = parseJsonObject(response.text);
  const text = foreignText(stringMember(body, 'error') ?? stringMember(body, 'message') ?? '');
  const code = stringMember(body, 'code');
  if (asksForSecondFactor(response) || code === confirmationRefused) {
    const kind = code === 'otp_refused' || code === confirmationRefused ? 'refused' : 'missing';
    const browser = browserRequest(body?.['authUrl'], body?.['doneUrl'], registryUrl);
    const why = text === '' ? 'a one-time password is required' : text;
    return new SecondFactorRequired({ kind, text: why, ...(browser && { browser }) });
  }
  const retryAfter = secondsOf(response.headers['retry-after']);
  return refusalFrom({ status: response.status, code, text, retryAfter }, attempt);
}

/** A refusal that is not a challenge. */
export function refusalFrom(refusal: Refusal, attempt: string): PubError {
  const { status, code, retryAfter } = refusal;
  const [errorCode, hint] = kindOf(refusal);
  const said = foreignText(refusal.text) || 'the registry gave no reason';
  const cause = new Error([status ?? foreignText(code ?? ''), said].filter(Boolean).join(': '));
  const wait = retryAfter === undefined ? undefined : `try again in ${retryAfter} s`;
  return new PubError(errorCode, attempt, { cause, hint: wait ?? hint });
}

function kindOf({ status, code }: Refusal): Kind {
  const known = code !== undefined && Object.hasOwn(kindByCode, code) ? kindByCode[code] : undefined;
  return known ?? kindByStatus[status ?? 0] ?? ['E_REGISTRY'];
}

/**
 * npm's rule: 401 whose `www-authenticate` has the token `otp`; without that header, a body that speaks of a
 * one-time pass (read in npm's registry client). With the header but no such token the body does not count.
 */
function asksForSecondFactor({ status, headers, text }: HttpResponse): boolean {
  if (status !== 401) return false;
  const challenge = headers['www-authenticate'];
  if (challenge === undefined) return /one-time pass/i.test(text);
  return challenge.split(',').some((token) => token.trim().toLowerCase() === 'otp');
}

/** Whole seconds, as every registry sends it; a date is left out. */
function secondsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
