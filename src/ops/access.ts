import type { AccessChange } from '../ecosystems/package-changes.ts';
import { openAuthenticated, openWithTokenIfAny } from './authenticated.ts';
import {
  type ChangeContext,
  type ChangeRequest,
  changeAtRegistry,
  ownersHint,
} from './change-at-registry.ts';
import { withHint } from './with-hint.ts';

/** Verdaccio, for one, has access in its own settings, and answers these questions so. */
const hints = { E_NOT_FOUND: 'there is no such package, or this registry does not tell' };

interface ReadRequest {
  readonly registry: string | undefined;
}

export async function showAccess(
  context: ChangeContext,
  request: ReadRequest & { readonly packageName: string },
): Promise<void> {
  const { packageName } = request;
  const choice = { explicit: request.registry, packageName };
  const { registry, withToken } = await openWithTokenIfAny(context, choice);
  const status = await withHint(hints, () =>
    withToken((token) => registry.packages.visibility(packageName, token)),
  );
  context.terminal.result({ package: packageName, status }, `${packageName}: ${status}`);
}

export async function changeAccess(
  context: ChangeContext,
  request: ChangeRequest & { readonly packageName: string; readonly change: AccessChange },
): Promise<void> {
  const { packageName, change } = request;
  await changeAtRegistry(
    context,
    { ...request, hints: { ...hints, ...ownersHint(packageName) } },
    (registry, proofs) => registry.packages.setAccess(proofs, packageName, change),
  );
  const [what, json] =
    'status' in change
      ? [change.status, { status: change.status }]
      : [`mfa=${change.factor}`, { mfa: change.factor }];
  context.terminal.status('Changed', `${packageName}: ${what}`);
  context.terminal.result({ package: packageName, ...json }, '');
}

/** The packages of an account, an organisation or a team; of the account that asks where none is named. */
export async function listPackages(
  context: ChangeContext,
  request: ReadRequest & { readonly who: string | undefined },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const who = request.who ?? (await withToken((token) => registry.whoAmI(token)));
  const packages = await withToken((token) => registry.packages.packagesOf(token, who));
  context.terminal.result({ of: who, packages }, asLines(packages));
}

export async function listCollaborators(
  context: ChangeContext,
  request: ReadRequest & { readonly packageName: string },
): Promise<void> {
  const { packageName } = request;
  const choice = { explicit: request.registry, packageName };
  const { registry, withToken } = await openWithTokenIfAny(context, choice);
  const collaborators = await withHint(hints, () =>
    withToken((token) => registry.packages.collaborators(packageName, token)),
  );
  context.terminal.result({ package: packageName, collaborators }, asLines(collaborators));
}

function asLines(permissions: Readonly<Record<string, string>>): string {
  return Object.entries(permissions)
    .map(([name, permission]) => `${name}: ${permission}`)
    .join('\n');
}
