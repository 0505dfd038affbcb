import type { Proofs } from '../ecosystems/proofs.ts';
import type { Registry } from '../ecosystems/registry.ts';
import type { ErrorCode } from '../errors.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { openAuthenticated } from './authenticated.ts';
import type { LogInContext } from './log-in.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { withHint } from './with-hint.ts';

export type ChangeContext = LogInContext;

/** What every command that changes something at a registry was told. */
export interface ChangeRequest {
  readonly registry: string | undefined;
  readonly oneTimePassword: Secret | undefined;
}

export interface Change extends ChangeRequest {
  /** Whose scope may have a registry of its own. */
  readonly packageName?: string;
  readonly hints?: Partial<Record<ErrorCode, string>>;
}

/** One change, with the second factor when the registry asks for it. */
export async function changeAtRegistry<T>(
  context: ChangeContext,
  { registry: explicit, oneTimePassword, packageName, hints = {} }: Change,
  run: (registry: Registry, proofs: Proofs) => Promise<T>,
): Promise<T> {
  const { registry, withToken } = await openAuthenticated(context, { explicit, packageName });
  const source = oneTimePasswordSource(context, oneTimePassword, registry);
  return await withHint(hints, () =>
    withSecondFactor(source, (oneTimePassword) =>
      withToken((token) => run(registry, { token, oneTimePassword })),
    ),
  );
}

/** For a change of a package: who may make it is the first question after a refusal. */
export function ownersHint(packageName: string): Partial<Record<ErrorCode, string>> {
  return { E_FORBIDDEN: `run \`pub owner list ${packageName}\` to see who may change it` };
}
