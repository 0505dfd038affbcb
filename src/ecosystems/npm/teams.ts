import { PubError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { Team, Teams } from '../teams.ts';
import { encodeSegment, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

const command = 'team';

/** npm's teams, in npm's requests (measured, npm 12). */
export function createTeams(client: RegistryClient): Teams {
  const names = async (path: string, attempt: string, token: Secret): Promise<readonly string[]> => {
    const { text } = await client.send({
      method: 'GET',
      path: `${path}?format=cli`,
      command,
      attempt,
      token,
    });
    return namesIn(text, attempt);
  };
  const change = async (
    proofs: Proofs,
    request: { method: 'PUT' | 'DELETE'; path: string; attempt: string; json?: { [key: string]: Json } },
  ): Promise<void> => {
    await client.send({ command, ...proofs, ...request });
  };
  const at = client.displayUrl;
  return {
    async list(token, organisation) {
      const path = `-/org/${encodeSegment(organisation)}/team`;
      const listed = await names(path, `failed to list the teams of \`${organisation}\` at ${at}`, token);
      return listed.map((name) => name.slice(name.indexOf(':') + 1));
    },
    create: (proofs, team, description) =>
      change(proofs, {
        method: 'PUT',
        path: `-/org/${encodeSegment(team.organisation)}/team`,
        attempt: `failed to create the team \`${sayTeam(team)}\` at ${at}`,
        json: { name: team.name, ...(description === undefined ? {} : { description }) },
      }),
    destroy: (proofs, team) =>
      change(proofs, {
        method: 'DELETE',
        path: `-/team/${teamPath(team)}`,
        attempt: `failed to remove the team \`${sayTeam(team)}\` at ${at}`,
      }),
    members: (token, team) =>
      names(
        `-/team/${teamPath(team)}/user`,
        `failed to list the members of \`${sayTeam(team)}\` at ${at}`,
        token,
      ),
    add: (proofs, team, user) =>
      change(proofs, {
        method: 'PUT',
        path: `-/team/${teamPath(team)}/user`,
        attempt: `failed to add \`${user}\` to \`${sayTeam(team)}\` at ${at}`,
        json: { user },
      }),
    remove: (proofs, team, user) =>
      change(proofs, {
        method: 'DELETE',
        path: `-/team/${teamPath(team)}/user`,
        attempt: `failed to remove \`${user}\` from \`${sayTeam(team)}\` at ${at}`,
        json: { user },
      }),
  };
}

/** `acme:developers`, with or without an `@`. Throws `E_USAGE`. */
export function parseTeam(text: string): Team {
  const [, organisation, name] = /^@?([^:@\s/]+):([^:@\s/]+)$/.exec(text) ?? [];
  if (organisation !== undefined && name !== undefined) return { organisation, name };
  throw new PubError('E_USAGE', `\`${text}\` is not a team`, { hint: 'write it as organisation:team' });
}

export function teamPath({ organisation, name }: Team): string {
  return `${encodeSegment(organisation)}/${encodeSegment(name)}`;
}

function sayTeam({ organisation, name }: Team): string {
  return `${organisation}:${name}`;
}

function namesIn(text: string, attempt: string): readonly string[] {
  const list = parsed(text);
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string')) {
    throw unexpectedAnswer(attempt, 'it is not a list of names');
  }
  return list;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
