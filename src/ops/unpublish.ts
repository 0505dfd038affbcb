import { PubError } from '../errors.ts';
import type { PackageSpec } from '../package-spec.ts';
import {
  type ChangeContext,
  type ChangeRequest,
  changeAtRegistry,
  ownersHint,
} from './change-at-registry.ts';

export interface UnpublishRequest extends ChangeRequest {
  readonly spec: PackageSpec;
  /** Answers the question beforehand. */
  readonly accepted: boolean;
  /** The whole package is meant. */
  readonly wholePackage: boolean;
}

/** Takes back what was published. Asked about: whoever depends on it loses it, and its number is not free again. */
export async function unpublish(context: ChangeContext, request: UnpublishRequest): Promise<void> {
  const { name: packageName, version } = request.spec;
  const { wholePackage } = request;
  if (version === undefined && !wholePackage) {
    throw new PubError('E_USAGE', `\`${packageName}\` without a version is the whole package`, {
      hint: `name a version, or pass --force to unpublish all of ${packageName}`,
    });
  }
  const what = version === undefined ? `all versions of ${packageName}` : `${packageName}@${version}`;
  await confirm(context, what, request);
  await changeAtRegistry(
    context,
    { ...request, packageName, hints: ownersHint(packageName) },
    (registry, proofs) => registry.packages.unpublish(proofs, packageName, { version, wholePackage }),
  );
  context.terminal.status('Unpublished', what);
  context.terminal.result(
    { package: packageName, version: version ?? null },
    `- ${packageName}${version === undefined ? '' : `@${version}`}`,
  );
}

async function confirm(
  { prompter }: ChangeContext,
  what: string,
  { accepted }: UnpublishRequest,
): Promise<void> {
  if (accepted) return;
  const message = `Unpublish ${what}? Whoever depends on it loses it, and its number is gone for good.`;
  if (await prompter.confirm({ message, instead: 'pass --yes' })) return;
  throw new PubError('E_REFUSED', `not unpublishing ${what}`, {
    hint: '`pub deprecate` warns whoever installs it, and takes nothing away',
  });
}
