import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { isJsonObject, parseJsonObject, stringMember } from '../../json.ts';
import type { SecondFactorRequired } from '../../second-factor/challenge.ts';

/** What cargo's API says went wrong: `{"errors": [{"detail": "…"}]}`. `undefined` where it says nothing of the kind. */
export function detailsOf(text: string): string | undefined {
  const errors = parseJsonObject(text)?.['errors'];
  if (!Array.isArray(errors)) return undefined;
  const details = errors.flatMap((error) =>
    isJsonObject(error) ? (stringMember(error, 'detail') ?? []) : [],
  );
  return details.join(', ');
}

/**
 * What a refused answer means. `pub-registry` puts its code and its challenge beside the errors; `registryUrl` is its
 * own address then.
 */
export function apiRefusal(
  response: HttpResponse,
  attempt: string,
  registryUrl = '',
): PubError | SecondFactorRequired {
  const body = parseJsonObject(response.text);
  const said = detailsOf(response.text);
  const text = said === undefined ? response.text : JSON.stringify({ ...body, error: said });
  const refusal = refusalOf({ ...response, text }, attempt, registryUrl);
  const hint = hintOf(response.status);
  if (!(refusal instanceof PubError) || refusal.hint !== undefined || hint === undefined) return refusal;
  return new PubError(refusal.code, attempt, { cause: refusal.cause, hint });
}

/** crates.io answers a token it does not know with 403, like one that may not do this. */
function hintOf(status: number): string | undefined {
  if (status === 403)
    return 'check who owns it (`pub owner list <crate>`), and what the token may be used for';
  return status === 413
    ? 'the registry takes no crate of this size: `exclude` in Cargo.toml leaves files out'
    : undefined;
}

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** An answer that does not say what the protocol promises. `why` is our sentence, never the answer's text. */
export function unexpectedAnswer(attempt: string, why: string): PubError {
  return new PubError('E_REGISTRY', attempt, {
    cause: new Error(`the registry's answer is not understood: ${why}`),
  });
}

/** What cargo's protocol has no request for. */
export function unsupported(attempt: string, hint: string): PubError {
  return new PubError('E_UNSUPPORTED', attempt, {
    cause: new Error("the registry speaks cargo's protocol, which has no such thing"),
    hint,
  });
}
