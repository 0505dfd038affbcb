import { PubError } from '../errors.ts';
import { refusalOf } from '../http/registry-error.ts';
import type { HttpResponse } from '../http/transport.ts';
import { parseJsonObject, stringMember } from '../json.ts';
import { oneTimePasswordSource } from '../ops/one-time-password.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import { Secret } from '../secret.ts';
import type { CargoContext } from './context.ts';
import type { Operation } from './messages.ts';

type Change = Exclude<Operation, { readonly operation: 'read' }>;

export interface OneShotRequest {
  /** Of the registry, ending in a slash. */
  readonly url: string;
  /** The token that is kept, which the new one is made with. */
  readonly token: Secret;
  readonly operation: Change;
}

/**
 * A token for one change, after the person proved to be there where the registry asks for that; see "Tokens
 * for one act" in `docs/protocol.md`. `undefined` where the registry turns out to be another one than `pub-registry`.
 */
export async function oneShotToken(
  context: CargoContext,
  request: OneShotRequest,
): Promise<Secret | undefined> {
  const registry = await context.connect(request.url);
  const { given, ask } = oneTimePasswordSource(context, undefined, registry);
  const source = {
    given,
    ask: (reason: Parameters<typeof ask>[0]) => {
      context.note(`cargo is about to ${described(request.operation)} at ${registry.displayUrl}`);
      return ask(reason);
    },
  };
  return await withSecondFactor(source, (code) => requestToken(context, request, code));
}

async function requestToken(
  context: CargoContext,
  { url, token, operation }: OneShotRequest,
  oneTimePassword: Secret | undefined,
): Promise<Secret | undefined> {
  const attempt = `failed to get a token to ${described(operation)}`;
  const response = await context.transport.send({
    method: 'POST',
    url: new URL('-/pub/v1/one-shot-tokens', url),
    headers: {
      'content-type': 'application/json',
      // `web` lets the registry answer a challenge with a page to approve on, beside taking codes.
      'npm-auth-type': context.interactive ? 'web' : 'legacy',
    },
    body: JSON.stringify({ ecosystem: 'cargo', ...operation }),
    ...{ token, oneTimePassword },
  });
  if (response.status === 201) return tokenIn(response, attempt);
  if (!isOurs(response)) return undefined;
  throw refusalOf(response, attempt, url);
}

function tokenIn({ text }: HttpResponse, attempt: string): Secret {
  const answer = parseJsonObject(text);
  const token = stringMember(answer, 'token');
  const expires = Date.parse(stringMember(answer, 'expires') ?? '');
  if (token !== undefined && /^[\x21-\x7e]{1,512}$/.test(token) && expires > 0) return new Secret(token);
  const cause = new Error("the registry's answer is not understood: there is no usable token in it");
  throw new PubError('E_REGISTRY', attempt, { cause });
}

/** `pub-registry` puts a code into each refusal. A server in front of it that is out of order does not. */
function isOurs({ status, text }: HttpResponse): boolean {
  if (status === 404 || status === 405) return false;
  return status === 429 || status >= 500 || stringMember(parseJsonObject(text), 'code') !== undefined;
}

function described(change: Change): string {
  const { operation, name } = change;
  if (operation === 'owners') return `see or change the owners of ${name}`;
  const release = `${operation} ${name} ${change.version}`;
  return operation === 'publish' ? `${release} (sha256 ${change.sha256})` : release;
}
