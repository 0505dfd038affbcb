import type { Context } from '../context.ts';
import { openAuthenticated } from './connection.ts';

/** Asks the registry whose token this is. The registry is asked each time: only it knows whether it is still valid. */
export async function whoAmI(
  context: Pick<Context, 'registries' | 'credentials' | 'connect' | 'terminal'>,
  request: { readonly registry: string | undefined },
): Promise<void> {
  const { registry, credential } = await openAuthenticated(context, { explicit: request.registry });
  const account = await registry.whoAmI(credential.token);
  context.terminal.result({ account, registry: registry.displayUrl, source: credential.source }, account);
}
