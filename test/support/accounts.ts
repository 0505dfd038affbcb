import { type Authenticator, authenticator } from './totp.ts';

/** Somebody with an account at a registry under test. */
export interface Account {
  readonly name: string;
  readonly password: string;
  readonly token: string;
}

export interface AccountWithFactor extends Account {
  readonly authenticator: Authenticator;
  readonly recoveryCodes: readonly string[];
}

export type FactorMode = 'auth-only' | 'auth-and-writes';

/** Creates an account as npm's couch form does, where registration is open. */
export async function signUp(registryUrl: string, name: string): Promise<Account> {
  const password = `${name} has a long password`;
  const created = await send(`${registryUrl}/-/user/org.couchdb.user:${name}`, 'PUT', undefined, {
    _id: `org.couchdb.user:${name}`,
    name,
    password,
    email: `${name}@registry.example`,
    type: 'user',
    roles: [],
    date: new Date().toISOString(),
  });
  if (typeof created['token'] !== 'string') throw new Error('the sign-up gave no token');
  return { name, password, token: created['token'] };
}

/** Enrols a one-time password as `npm profile enable-2fa` does: ask for a secret, then prove to have it. */
export async function enrol(
  registryUrl: string,
  account: Account,
  mode: FactorMode,
): Promise<AccountWithFactor> {
  const url = `${registryUrl}/-/npm/v1/user`;
  const begun = await send(url, 'POST', account.token, { tfa: { password: account.password, mode } });
  if (typeof begun['tfa'] !== 'string') throw new Error('the registry gave no otpauth URI');
  const app = authenticator(begun['tfa']);
  const confirmed = await send(url, 'POST', account.token, { tfa: [await app.nextCode()] });
  return { ...account, authenticator: app, recoveryCodes: confirmed['tfa'] as string[] };
}

/** Both in one. */
export async function signUpWithFactor(
  registryUrl: string,
  name: string,
  mode: FactorMode = 'auth-and-writes',
): Promise<AccountWithFactor> {
  return await enrol(registryUrl, await signUp(registryUrl, name), mode);
}

async function send(
  url: string,
  method: 'PUT' | 'POST',
  token: string | undefined,
  body: unknown,
): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} was refused: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
