import type { RegistryTarget } from '../config/registry-target.ts';
import type { CargoContext } from './context.ts';
import type { CargoAnswer, CargoRefusal, Operation } from './messages.ts';
import { oneShotToken } from './one-shot-token.ts';
import { pubRegistryOf } from './pub-registry.ts';

/**
 * For reading, the token that is kept. For everything that changes something at a `pub-registry`, a token that is
 * good for that alone and once, so that neither cargo nor whoever reads its memory holds more; other registries know
 * no such thing and get the one that is kept.
 *
 * `operation_independent: false` makes cargo ask again before each change, with the digest of what it will send.
 */
export async function getToken(
  context: CargoContext,
  target: RegistryTarget,
  operation: Operation,
): Promise<CargoAnswer | CargoRefusal> {
  const credential = await context.credentials.get(target);
  if (credential === undefined) return { kind: 'not-found' };
  const { token } = credential;
  if (operation.operation === 'read') {
    return { kind: 'get', token, cache: 'session', operationIndependent: false };
  }
  const url = await pubRegistryOf(context.transport, target);
  const once = url === undefined ? undefined : await oneShotToken(context, { url, token, operation });
  if (once === undefined) return { kind: 'get', token, cache: 'session', operationIndependent: true };
  return { kind: 'get', token: once, cache: 'never', operationIndependent: false };
}
