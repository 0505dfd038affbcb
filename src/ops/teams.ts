import type { Team } from '../ecosystems/teams.ts';
import { openAuthenticated } from './authenticated.ts';
import { type ChangeContext, type ChangeRequest, changeAtRegistry } from './change-at-registry.ts';
import { withHint } from './with-hint.ts';

/** The teams of an organisation, or with a team its members. */
export async function listTeams(
  context: ChangeContext,
  request: { readonly registry: string | undefined; readonly of: string | Team },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const { of } = request;
  if (typeof of === 'string') {
    const teams = await withHint(hints, () => withToken((token) => registry.teams.list(token, of)));
    context.terminal.result({ organisation: of, teams }, teams.map((team) => `${of}:${team}`).join('\n'));
    return;
  }
  const members = await withHint(hints, () => withToken((token) => registry.teams.members(token, of)));
  context.terminal.result({ ...teamAsJson(of), members }, members.join('\n'));
}

/** Most registries answer so about teams: they have none. */
const hints = {
  E_NOT_FOUND: 'there is no such team, or this registry has no teams',
  E_UNSUPPORTED: 'run `pub org` for the members of an organisation',
};

interface TeamChange extends ChangeRequest {
  readonly team: Team;
}

export async function createTeam(
  context: ChangeContext,
  request: TeamChange & { readonly description: string | undefined },
): Promise<void> {
  const { team, description } = request;
  await changeAtRegistry(context, { ...request, hints }, (registry, proofs) =>
    registry.teams.create(proofs, team, description),
  );
  context.terminal.status('Created', `the team ${sayTeam(team)}`);
  context.terminal.result(teamAsJson(team), '');
}

export async function destroyTeam(context: ChangeContext, request: TeamChange): Promise<void> {
  const { team } = request;
  await changeAtRegistry(context, { ...request, hints }, (registry, proofs) =>
    registry.teams.destroy(proofs, team),
  );
  context.terminal.status('Removed', `the team ${sayTeam(team)}`);
  context.terminal.result({ removed: sayTeam(team) }, '');
}

export async function addToTeam(
  context: ChangeContext,
  request: TeamChange & { readonly user: string },
): Promise<void> {
  const { team, user } = request;
  await changeAtRegistry(context, { ...request, hints }, (registry, proofs) =>
    registry.teams.add(proofs, team, user),
  );
  context.terminal.status('Added', `${user} to ${sayTeam(team)}`);
  context.terminal.result({ ...teamAsJson(team), added: user }, '');
}

export async function removeFromTeam(
  context: ChangeContext,
  request: TeamChange & { readonly user: string },
): Promise<void> {
  const { team, user } = request;
  await changeAtRegistry(context, { ...request, hints }, (registry, proofs) =>
    registry.teams.remove(proofs, team, user),
  );
  context.terminal.status('Removed', `${user} from ${sayTeam(team)}`);
  context.terminal.result({ ...teamAsJson(team), removed: user }, '');
}

function sayTeam({ organisation, name }: Team): string {
  return `${organisation}:${name}`;
}

function teamAsJson({ organisation, name }: Team) {
  return { organisation, team: name };
}
