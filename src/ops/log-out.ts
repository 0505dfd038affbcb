import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type Connection, openConnection } from './connection.ts';

type Revocation = { readonly revoked: true } | { readonly revoked: false; readonly cause: unknown };

/**
 * Makes the token in use useless at the registry, then erases it here. It is erased even when the registry could not
 * be told, so that this computer holds nothing; that the token is then still alive is an error, not a remark.
 */
export async function logOut(
  context: Pick<Context, 'registries' | 'credentials' | 'connect' | 'terminal'>,
  request: { readonly registry: string | undefined },
): Promise<void> {
  const connection = await openConnection(context, { explicit: request.registry });
  const { target, registry } = connection;
  const { token, kept, source } = await context.credentials.require(target);
  const revocation = await revoke(connection, token);
  if (kept) {
    await context.credentials.keychain.erase(target);
    context.terminal.status('Erased', 'the token from the keychain of this computer');
  }
  if (!revocation.revoked) throw stillValid(registry.displayUrl, kept, revocation.cause);
  context.terminal.status('Logged out', `from ${registry.displayUrl}`);
  if (!kept)
    context.terminal.note(`The token came from ${source}: remove it there, it is of no use any more.`);
  context.terminal.result({ registry: registry.displayUrl, revoked: true, erased: kept }, '');
}

async function revoke({ registry }: Connection, token: Secret): Promise<Revocation> {
  try {
    if (await registry.revoke(token)) return { revoked: true };
    return { revoked: false, cause: new Error('this registry has no way to revoke a token') };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof PubError)) return { revoked: false, cause: error };
    if (error.code === 'E_INTERRUPTED') throw error;
    // The registry does not know the token any more: there is nothing left to revoke.
    if (error.code === 'E_NOT_LOGGED_IN') return { revoked: true };
    return { revoked: false, cause: error };
  }
}

function stillValid(displayUrl: string, kept: boolean, cause: unknown): PubError {
  const code = cause instanceof PubError ? cause.code : 'E_REGISTRY';
  return new PubError(
    code,
    kept
      ? `the token was erased here, but ${displayUrl} did not revoke it: it is still valid`
      : `${displayUrl} did not revoke the token: it is still valid`,
    {
      cause,
      hint: 'whoever has a copy can use it until it expires: revoke it on the registry’s own pages or ask its operator',
    },
  );
}
