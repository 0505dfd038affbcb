import { PubError } from '../errors.ts';
import type { PackageSpec } from '../package-spec.ts';
import { openWithTokenIfAny } from './authenticated.ts';
import {
  type ChangeContext,
  type ChangeRequest,
  changeAtRegistry,
  ownersHint,
} from './change-at-registry.ts';
import { chooseTag } from './release-tag.ts';

export async function listTags(
  context: ChangeContext,
  request: { readonly packageName: string; readonly registry: string | undefined },
): Promise<void> {
  const { packageName } = request;
  const choice = { explicit: request.registry, packageName };
  const { registry, withToken } = await openWithTokenIfAny(context, choice);
  const tags = await withToken((token) => registry.packages.tags(packageName, token));
  const lines = Object.entries(tags).map(([tag, version]) => `${tag}: ${version}`);
  context.terminal.result({ package: packageName, tags }, lines.join('\n'));
}

export async function addTag(
  context: ChangeContext,
  request: ChangeRequest & { readonly spec: PackageSpec; readonly tag: string },
): Promise<void> {
  const { name: packageName, version } = request.spec;
  if (version === undefined) {
    throw new PubError('E_USAGE', `\`${packageName}\` names no version to give the tag to`, {
      hint: `write it as ${packageName}@<version>`,
    });
  }
  const tag = chooseTag(version, request.tag);
  await changeAtRegistry(
    context,
    { ...request, packageName, hints: ownersHint(packageName) },
    (registry, proofs) => registry.packages.setTag(proofs, packageName, { tag, version }),
  );
  context.terminal.status('Tagged', `${packageName}@${version} as ${tag}`);
  context.terminal.result({ package: packageName, tag, version }, `+${tag}: ${packageName}@${version}`);
}

export async function removeTag(
  context: ChangeContext,
  request: ChangeRequest & { readonly packageName: string; readonly tag: string },
): Promise<void> {
  const { packageName, tag } = request;
  await changeAtRegistry(context, { ...request, hints: ownersHint(packageName) }, (registry, proofs) =>
    registry.packages.removeTag(proofs, packageName, tag),
  );
  context.terminal.status('Removed', `the tag ${tag} from ${packageName}`);
  context.terminal.result({ package: packageName, removed: tag }, `-${tag}: ${packageName}`);
}
