import type { RegistryChoice } from '../config/registries.ts';
import type { Secret } from '../secret.ts';
import { type Connection, openConnection, optionalCredential } from './connection.ts';
import type { LogInContext } from './log-in.ts';
import { type CurrentLogin, renewingLogin } from './renew-login.ts';

/** One registry, with the token that is in use there. */
export interface AuthenticatedConnection<Token = Secret> extends Connection {
  /** Sends a request with the token; where that has ended, once more after the person logged in anew. */
  withToken<T>(request: (token: Token) => Promise<T>): Promise<T>;
}

/** Throws `E_NOT_LOGGED_IN` before anything is sent when there is no token. */
export async function openAuthenticated(
  context: LogInContext,
  choice: RegistryChoice,
): Promise<AuthenticatedConnection> {
  const connection = await openConnection(context, choice);
  const login: CurrentLogin = { credential: await context.credentials.require(connection.target) };
  return {
    ...connection,
    withToken: (request) => renewingLogin(context, { connection, login }, request),
  };
}

/** For a request that is useful without a token too. */
export async function openWithTokenIfAny(
  context: LogInContext,
  choice: RegistryChoice,
): Promise<AuthenticatedConnection<Secret | undefined>> {
  const connection = await openConnection(context, choice);
  const login: CurrentLogin = { credential: await optionalCredential(context, connection.target) };
  return {
    ...connection,
    withToken: (request) =>
      login.credential === undefined
        ? request(undefined)
        : renewingLogin(context, { connection, login }, request),
  };
}
