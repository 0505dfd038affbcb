import type { Proofs } from '../ecosystems/proofs.ts';
import type { Owner, PackageRole, Registry } from '../ecosystems/registry.ts';
import type { Secret } from '../secret.ts';
import { openWithTokenIfAny } from './authenticated.ts';
import { changeAtRegistry, ownersHint } from './change-at-registry.ts';
import type { LogInContext } from './log-in.ts';

interface OwnerRequest {
  readonly packageName: string;
  readonly registry: string | undefined;
}

interface OwnerChange extends OwnerRequest {
  readonly oneTimePassword: Secret | undefined;
}

export async function listOwners(context: LogInContext, request: OwnerRequest): Promise<void> {
  const { packageName, registry: explicit } = request;
  const { registry, withToken } = await openWithTokenIfAny(context, { explicit, packageName });
  const owners = await withToken((token) => registry.owners(packageName, token));
  const lines = owners.map(ownerLine);
  const json = owners.map(({ name, email, role, organisation }) => ({
    name,
    email: email ?? null,
    role: role ?? null,
    organisation: organisation ?? null,
  }));
  context.terminal.result({ package: packageName, owners: json }, lines.join('\n'));
}

/** With the role, and where it comes from, as far as the registry tells. */
function ownerLine({ name, email, role, organisation }: Owner): string {
  const person = email === undefined ? name : `${name} <${email}>`;
  const through = organisation === undefined ? '' : `  through ${organisation}`;
  return `${person}${role === undefined ? '' : `  ${role}`}${through}`;
}

export async function addOwner(
  context: LogInContext,
  request: OwnerChange & { user: string; role: PackageRole },
): Promise<void> {
  const { packageName, user, role } = request;
  const outcome = await change(context, request, (registry, proofs) =>
    registry.addOwner(proofs, packageName, { user, role }),
  );
  if (outcome === 'invited') {
    context.terminal.status('Invited', `${user} to ${packageName}`);
    context.terminal.note(
      `The invitation is open for seven days: ${user} accepts it with \`pub owner accept ${packageName}\`.`,
    );
  } else context.terminal.status('Added', `${user} to the ${role}s of ${packageName}`);
  context.terminal.result({ package: packageName, [outcome]: user, role }, '');
}

export async function removeOwner(
  context: LogInContext,
  request: OwnerChange & { user: string },
): Promise<void> {
  const { packageName, user } = request;
  await change(context, request, (registry, proofs) => registry.removeOwner(proofs, packageName, user));
  context.terminal.status('Removed', `${user} from the owners of ${packageName}`);
  context.terminal.result({ package: packageName, removed: user }, '');
}

export async function requireSecondFactor(
  context: LogInContext,
  request: OwnerChange & { required: boolean },
): Promise<void> {
  const { packageName, required } = request;
  await change(context, request, (registry, proofs) =>
    registry.setRequireSecondFactor(proofs, packageName, required),
  );
  if (required) context.terminal.status('Required', `a second factor for every release of ${packageName}`);
  else context.terminal.status('Removed', `the second factor requirement of ${packageName}`);
  context.terminal.result({ package: packageName, secondFactorRequired: required }, '');
}

async function change<T>(
  context: LogInContext,
  request: OwnerChange,
  run: (registry: Registry, proofs: Proofs) => Promise<T>,
): Promise<T> {
  return await changeAtRegistry(context, { ...request, hints: ownersHint(request.packageName) }, run);
}
