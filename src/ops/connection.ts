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

type ConnectionContext = Pick<Context, 'registries' | 'connect'>;

export async function openConnection(
  context: ConnectionContext,
  choice: RegistryChoice,
): Promise<Connection> {
  const target = await context.registries.resolve(choice);
  return { target, registry: await context.connect(target) };
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
