import type { Credential } from '../credentials/provider.ts';
import { PubError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Connection } from './connection.ts';
import { type LogInContext, logInAgain } from './log-in.ts';

/** The token in use for one registry; another one once the person logged in anew. */
export interface CurrentLogin {
  credential: Credential | undefined;
}

/**
 * Runs an operation with the token; when the registry no longer accepts it, has the person log in and runs it once
 * more, so that nothing that was packed, shown or asked is lost to a session that ended. Only a token that the keychain
 * keeps is renewed: one from the environment is somebody else's to replace. Without a terminal the refusal stands.
 */
export async function renewingLogin<T>(
  context: LogInContext,
  { connection, login }: { readonly connection: Connection; readonly login: CurrentLogin },
  operation: (token: Secret) => Promise<T>,
): Promise<T> {
  const { credential } = login;
  if (credential === undefined) throw new Error('a request without a credential');
  try {
    return await operation(credential.token);
  } catch (error) {
    const ended = error instanceof PubError && error.code === 'E_NOT_LOGGED_IN';
    if (!ended || !credential.kept) throw error;
    login.credential = await logInAgain(context, connection, credential).catch((cause: unknown) => {
      throw cause instanceof PubError && cause.code === 'E_NOT_INTERACTIVE' ? error : cause;
    });
    return await operation(login.credential.token);
  }
}
