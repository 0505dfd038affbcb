import type { Context } from '../context.ts';
import type { Yanking } from '../ecosystems/registry.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { openAuthenticated } from './connection.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { withHint } from './with-hint.ts';

export interface YankRequest extends Yanking {
  readonly registry: string | undefined;
  readonly oneTimePassword: Secret | undefined;
}

/** Yanks a version, or puts it back. Who has it in a lockfile keeps it. */
export async function yank(
  context: Pick<
    Context,
    'registries' | 'credentials' | 'connect' | 'terminal' | 'prompter' | 'environmentOneTimePassword'
  >,
  request: YankRequest,
): Promise<void> {
  const { name, version, undo } = request;
  const choice = { explicit: request.registry, packageName: name };
  const { registry, credential } = await openAuthenticated(context, choice);
  const source = oneTimePasswordSource(context, request.oneTimePassword, registry);
  await withHint({ E_FORBIDDEN: `run \`pub owner list ${name}\` to see who may change it` }, () =>
    withSecondFactor(source, (oneTimePassword) =>
      registry.yank({ token: credential.token, oneTimePassword }, { name, version, undo }),
    ),
  );
  const where = registry.displayUrl;
  context.terminal.status(undo ? 'Unyanked' : 'Yanked', `${name}@${version} at ${where}`);
  context.terminal.result({ name, version, yanked: !undo, registry: where }, '');
}
