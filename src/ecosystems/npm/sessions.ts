import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { parseJsonObject, stringMember } from '../../json.ts';
import { Secret } from '../../secret.ts';
import type { Login } from '../registry.ts';
import {
  encodeSegment,
  isSuccess,
  type NpmRequest,
  type RegistryClient,
  unexpectedAnswer,
} from './registry-client.ts';

/**
 * npm's couch login: with an address it creates the account, without one it logs in (registries that do not
 * tell the two apart, such as Verdaccio, create the account whenever the name is free).
 */
export async function logIn(client: RegistryClient, login: Login): Promise<Secret> {
  const { username, password, email, oneTimePassword } = login;
  const signingUp = email !== undefined;
  const attempt = `failed to ${signingUp ? 'create an account at' : 'log in to'} ${client.displayUrl}`;
  const id = `org.couchdb.user:${username}`;
  const request: NpmRequest = {
    method: 'PUT',
    path: `-/user/org.couchdb.user:${encodeSegment(username)}`,
    command: signingUp ? 'adduser' : 'login',
    attempt,
    oneTimePassword,
    secretJson: {
      _id: id,
      name: username,
      password: password.expose(),
      ...(email === undefined ? {} : { email }),
      type: 'user',
      roles: [],
      date: new Date().toISOString(),
    },
  };
  const first = await client.ask(request);
  const exists = first.status === 409 && !signingUp;
  const response = exists ? await client.ask(identified(request, login)) : first;
  if (!isSuccess(response)) throw loginRefusal(response, attempt, signingUp);
  const token = stringMember(parseJsonObject(response.text), 'token');
  // Sent back in a header from now on: visible ASCII, as RFC 6750 §2.1 has it. JWTs reach a few KiB.
  if (token === undefined || !/^[\x21-\x7e]{1,8192}$/.test(token)) {
    throw unexpectedAnswer(attempt, 'there is no usable token in it');
  }
  return new Secret(token);
}

/**
 * Verdaccio takes the plain form as a sign-up and answers 409 when the account exists; it logs in whoever says
 * who they are in a header as well, as npm does then and pnpm always (measured with Verdaccio 6). RFC 7617 §2
 * leaves a name with a colon no way to be said there.
 */
function identified(request: NpmRequest, { username, password }: Login): NpmRequest {
  if (username.includes(':')) return request;
  return { ...request, basicCredential: new Secret(`${username}:${password.expose()}`) };
}

/** Without a token in play, 400, 401 and 409 speak of the name and the password. */
function loginRefusal(response: HttpResponse, attempt: string, signingUp: boolean): Error {
  const refusal = refusalOf(response, attempt);
  if (!(refusal instanceof PubError) || ![400, 401, 409].includes(response.status)) return refusal;
  return new PubError('E_LOGIN_REFUSED', attempt, {
    cause: refusal.cause,
    hint: signingUp ? signUpHint(response) : 'check the user name and the password',
  });
}

/** A 400 names what is wrong with name, address or password; the others are how a taken name is told. */
function signUpHint({ status }: HttpResponse): string | undefined {
  if (status === 400) return undefined;
  return 'the name may be taken: choose another one, or log in to it without --sign-up';
}

export async function whoAmI(client: RegistryClient, token: Secret): Promise<string> {
  const attempt = `failed to ask ${client.displayUrl} whose token this is`;
  const answer = await client.read({ method: 'GET', path: '-/whoami', command: 'whoami', attempt, token });
  const username = stringMember(answer, 'username');
  // Some registries answer a token they do not know with an empty object.
  if (username === undefined || username === '') {
    throw new PubError('E_NOT_LOGGED_IN', attempt, {
      hint: 'run `pub login`, or check the token in the environment',
    });
  }
  if (!isAccountName(username)) throw unexpectedAnswer(attempt, 'the user name is not one');
  return username;
}

/** A name that can be shown and compared: no control or invisible characters, of a sensible length. */
export function isAccountName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name);
}

/**
 * Ends the session of a token. `pub-registry` takes the token as a bearer (docs/protocol.md, "Logout").
 *
 * npm's own form, `DELETE /-/user/token/<token>`, puts the token into the URL, where proxies and access logs
 * keep it. It is used only where the registry knows no other way: then the choice is between that and a
 * token that stays valid, and the request ends the very token it names, at the host that issued it.
 */
export async function revoke(client: RegistryClient, token: Secret): Promise<boolean> {
  const attempt = `failed to revoke the token at ${client.displayUrl}`;
  const request = { command: 'logout', attempt, token } as const;
  const response = await client.ask({ method: 'POST', path: '-/pub/v1/logout', ...request });
  if (response.status === 204) return true;
  if (response.status === 401) return await isRefused(client, token);
  if (response.status !== 404 && response.status !== 405) throw refusalOf(response, attempt);
  const path = `-/user/token/${encodeSegment(token.expose())}`;
  const npmResponse = await client.ask({ method: 'DELETE', path, ...request });
  // Some registries answer that they did, and did nothing (Verdaccio, measured).
  return isSuccess(npmResponse) || npmResponse.status === 401 ? await isRefused(client, token) : false;
}

/** A token that is not accepted needs no revoking; but only `whoami` says that without doubt. */
async function isRefused(client: RegistryClient, token: Secret): Promise<boolean> {
  try {
    await whoAmI(client, token);
    return false;
  } catch (error) {
    if (error instanceof PubError && error.code === 'E_NOT_LOGGED_IN') return true;
    throw error;
  }
}
