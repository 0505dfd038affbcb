import type { RegistryChoice } from '../config/registries.ts';
import type { RegistryTarget } from '../config/registry-target.ts';
import type { Context } from '../context.ts';
import type { Credential } from '../credentials/provider.ts';
import type { Registry } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';

/** One registry, chosen and ready to be spoken to. */
export interface Connection {
  readonly target: RegistryTarget;
  readonly registry: Registry;
}

/** As {@link Connection}, with the token to use there. */
export interface AuthenticatedConnection extends Connection {
  readonly credential: Credential;
}

type ConnectionContext = Pick<Context, 'registries' | 'connect'>;
type CredentialContext = ConnectionContext & Pick<Context, 'credentials'>;

export async function openConnection(
  context: ConnectionContext,
  choice: RegistryChoice,
): Promise<Connection> {
  const target = await context.registries.resolve(choice);
  return { target, registry: await context.connect(target) };
}

/** Throws `E_NOT_LOGGED_IN` before anything is sent when there is no token. */
export async function openAuthenticated(
  context: CredentialContext,
  choice: RegistryChoice,
): Promise<AuthenticatedConnection> {
  const target = await context.registries.resolve(choice);
  const credential = await context.credentials.require(target);
  return { target, registry: await context.connect(target), credential };
}

/**
 * The token, for an act that is useful without one. A machine without a keychain holds no token, so that is
 * an answer here; a keychain that is locked or says no may hold one, and stops the command as ever.
 */
export async function optionalCredential(
  context: Pick<Context, 'credentials'>,
  target: RegistryTarget,
): Promise<Credential | undefined> {
  try {
    return await context.credentials.get(target);
  } catch (error) {
    if (error instanceof PubError && error.code === 'E_KEYCHAIN_UNAVAILABLE') return undefined;
    throw error;
  }
}
