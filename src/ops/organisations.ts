import type { Proofs } from '../ecosystems/proofs.ts';
import type { MemberRole, Registry } from '../ecosystems/registry.ts';
import type { Secret } from '../secret.ts';
import { openAuthenticated } from './authenticated.ts';
import { changeAtRegistry } from './change-at-registry.ts';
import type { LogInContext } from './log-in.ts';

interface OrganisationRequest {
  readonly organisation: string;
  readonly registry: string | undefined;
}

interface OrganisationChange extends OrganisationRequest {
  readonly oneTimePassword: Secret | undefined;
}

export async function createOrganisation(context: LogInContext, request: OrganisationChange): Promise<void> {
  const { organisation } = request;
  await change(context, request, (registry, proofs) => registry.createOrganisation(proofs, organisation));
  context.terminal.status('Created', `the organisation ${organisation}, which you own`);
  context.terminal.result({ organisation }, '');
}

/** A line for each member: who, as what, and for owners whether they have a second factor. */
export async function listMembers(context: LogInContext, request: OrganisationRequest): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const found = await withToken((token) => registry.organisation(token, request.organisation));
  const lines = found.members.map(({ name, role, secondFactor }) =>
    [name, role, secondFactor === false ? 'no second factor' : ''].join('  ').trimEnd(),
  );
  const members = found.members.map(({ name, role, secondFactor }) => ({
    name,
    role,
    secondFactor: secondFactor ?? null,
  }));
  const { name, scopes, secondFactorRequired } = found;
  context.terminal.result({ organisation: name, secondFactorRequired, scopes, members }, lines.join('\n'));
}

export async function addMember(
  context: LogInContext,
  request: OrganisationChange & { user: string; role: MemberRole },
): Promise<void> {
  const { organisation, user, role } = request;
  await change(context, request, (registry, proofs) =>
    registry.setMember(proofs, organisation, { user, role }),
  );
  context.terminal.status(
    'Added',
    `${user} to ${organisation} as ${role === 'owner' ? 'an owner' : 'a member'}`,
  );
  context.terminal.result({ organisation, added: user, role }, '');
}

export async function removeMember(
  context: LogInContext,
  request: OrganisationChange & { user: string },
): Promise<void> {
  const { organisation, user } = request;
  await change(context, request, (registry, proofs) => registry.removeMember(proofs, organisation, user));
  context.terminal.status('Removed', `${user} from ${organisation} and all its packages`);
  context.terminal.result({ organisation, removed: user }, '');
}

export async function requireFactorOfMembers(
  context: LogInContext,
  request: OrganisationChange & { required: boolean },
): Promise<void> {
  const { organisation, required } = request;
  await change(context, request, (registry, proofs) =>
    registry.requireFactorOfMembers(proofs, organisation, required),
  );
  if (required) context.terminal.status('Required', `a second factor of every member of ${organisation}`);
  else context.terminal.status('Removed', `the second factor requirement of ${organisation}`);
  context.terminal.result({ organisation, secondFactorRequired: required }, '');
}

async function change(
  context: LogInContext,
  request: OrganisationChange,
  run: (registry: Registry, proofs: Proofs) => Promise<void>,
): Promise<void> {
  const hints = { E_FORBIDDEN: `run \`pub org members ${request.organisation}\` to see who owns it` };
  await changeAtRegistry(context, { ...request, hints }, run);
}
