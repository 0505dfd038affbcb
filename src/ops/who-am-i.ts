import type { Context } from '../context.ts';
import { openConnection } from './connection.ts';

/**
 * Asks the registry whose token this is. The registry is asked each time: only it knows whether it is still valid.
 * That it no longer is, is an answer here, and nothing to be mended by logging in.
 */
export async function whoAmI(
  context: Pick<Context, 'registries' | 'credentials' | 'connect' | 'terminal'>,
  request: { readonly registry: string | undefined },
): Promise<void> {
  const { target, registry } = await openConnection(context, { explicit: request.registry });
  const credential = await context.credentials.require(target);
  const account = await registry.whoAmI(credential.token);
  context.terminal.result({ account, registry: registry.displayUrl, source: credential.source }, account);
}
