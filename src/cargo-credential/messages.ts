import { isJsonObject, type Json, type JsonObject, parseJsonObject, stringMember } from '../json.ts';
import type { Secret } from '../secret.ts';

/**
 * Version 1 of cargo's credential provider protocol: one JSON object a line. The Cargo Book's page leaves things
 * out; these are as cargo 1.95 sends and takes them (measured).
 */

/** The registry as cargo knows it. */
export interface CargoRegistry {
  /** As configured, with `sparse+`; of crates.io, the name cargo has for its index. */
  readonly indexUrl: string;
  /** Absent where cargo was given `--index`. */
  readonly name: string | undefined;
}

/** What the token is wanted for. */
export type Operation =
  | { readonly operation: 'read' }
  | {
      readonly operation: 'publish';
      readonly name: string;
      readonly version: string;
      readonly sha256: string;
    }
  | { readonly operation: 'yank' | 'unyank'; readonly name: string; readonly version: string }
  | { readonly operation: 'owners'; readonly name: string };

export type CargoRequest =
  | { readonly kind: 'get'; readonly registry: CargoRegistry; readonly operation: Operation }
  | {
      readonly kind: 'login';
      readonly registry: CargoRegistry;
      /** What the person gave cargo on its command line, before it is checked. */
      readonly token: string | undefined;
      /** Where the registry says a token can be had. A stranger's text. */
      readonly loginUrl: string | undefined;
    }
  | { readonly kind: 'logout'; readonly registry: CargoRegistry };

export type CargoAnswer =
  | {
      readonly kind: 'get';
      readonly token: Secret;
      readonly cache: 'never' | 'session';
      /** True when the token serves every operation, so that cargo asks once. */
      readonly operationIndependent: boolean;
    }
  | { readonly kind: 'login' | 'logout' };

/**
 * After `not-found` and `url-not-supported` cargo asks its next provider; the others end its command, and the
 * message and causes of `other` are what it prints.
 */
export type CargoRefusal =
  | { readonly kind: 'not-found' | 'url-not-supported' | 'operation-not-supported' }
  | { readonly kind: 'other'; readonly message: string; readonly 'caused-by': readonly string[] };

/** Says that this program understands version 1; cargo chooses. */
export const hello = '{"v":[1]}';

/** What cargo asks; a refusal where it asks what this program cannot do, or nothing that can be understood. */
export function parseRequest(line: string): CargoRequest | CargoRefusal {
  const message = parseJsonObject(line);
  const kind = stringMember(message, 'kind');
  const registry = registryOf(message?.['registry']);
  if (message === undefined || message['v'] !== 1 || kind === undefined || registry === undefined) {
    return notUnderstood();
  }
  if (kind === 'logout') return { kind, registry };
  if (kind === 'login') {
    const loginUrl = stringMember(message, 'login-url');
    return { kind, registry, token: stringMember(message, 'token'), loginUrl };
  }
  if (kind !== 'get') return { kind: 'operation-not-supported' };
  const operation = operationOf(message);
  return 'kind' in operation ? operation : { kind, registry, operation };
}

export function isRefusal(message: CargoRequest | CargoRefusal): message is CargoRefusal {
  return !('registry' in message);
}

/** The only place where a token leaves for cargo. */
export function answerLine(answer: CargoAnswer): string {
  if (answer.kind !== 'get') return JSON.stringify({ Ok: { kind: answer.kind } });
  const { kind, token, cache, operationIndependent } = answer;
  return JSON.stringify({
    Ok: { kind, token: token.expose(), cache, operation_independent: operationIndependent },
  });
}

export function refusalLine(refusal: CargoRefusal): string {
  return JSON.stringify({ Err: refusal });
}

function registryOf(value: Json | undefined): CargoRegistry | undefined {
  const object = isJsonObject(value) ? value : undefined;
  const indexUrl = stringMember(object, 'index-url');
  return indexUrl === undefined ? undefined : { indexUrl, name: stringMember(object, 'name') };
}

/** Names and versions are the registry's to judge; here they only have to be there. */
function operationOf(message: JsonObject): Operation | CargoRefusal {
  const operation = stringMember(message, 'operation');
  const name = stringMember(message, 'name') ?? '';
  const version = stringMember(message, 'vers') ?? '';
  if (operation === 'read') return { operation };
  if (operation === 'owners') return name === '' ? notUnderstood() : { operation, name };
  if (operation !== 'publish' && operation !== 'yank' && operation !== 'unyank') {
    return { kind: 'operation-not-supported' };
  }
  if (name === '' || version === '') return notUnderstood();
  if (operation !== 'publish') return { operation, name, version };
  const sha256 = stringMember(message, 'cksum') ?? '';
  return /^[0-9a-f]{64}$/.test(sha256) ? { operation, name, version, sha256 } : notUnderstood();
}

function notUnderstood(): CargoRefusal {
  return { kind: 'other', message: 'the request of cargo is not understood', 'caused-by': [] };
}
