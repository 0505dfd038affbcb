import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { MemberRole, Organisation } from '../registry.ts';
import { encodeSegment, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** Organisations: `docs/protocol.md`, "Organisations". Members are changed in npm's own words. */

const path = '-/pub/v1/organisations';
const command = 'org';
const memberRoles: readonly MemberRole[] = ['owner', 'member'];

export async function createOrganisation(
  client: RegistryClient,
  proofs: Proofs,
  name: string,
): Promise<void> {
  const attempt = `failed to create the organisation \`${name}\``;
  await client.send({ method: 'POST', path, command, attempt, ...proofs, json: { name } });
}

export async function organisation(
  client: RegistryClient,
  token: Secret,
  name: string,
): Promise<Organisation> {
  const attempt = `failed to read the organisation \`${name}\``;
  const answer = await client.read({
    method: 'GET',
    path: `${path}/${encodeSegment(name)}`,
    command,
    attempt,
    token,
  });
  const { members, scopes } = answer;
  if (answer['name'] !== name) throw unexpectedAnswer(attempt, 'it is about another organisation');
  if (!Array.isArray(members) || !Array.isArray(scopes)) {
    throw unexpectedAnswer(attempt, 'it has no list of members and scopes');
  }
  return {
    name,
    secondFactorRequired: answer['require_2fa'] === true,
    scopes: scopes.filter((scope) => typeof scope === 'string'),
    members: members.map((entry: Json) => memberFrom(entry, attempt)),
  };
}

function memberFrom(entry: Json, attempt: string): Organisation['members'][number] {
  const member = isJsonObject(entry) ? entry : undefined;
  const name = stringMember(member, 'name');
  const role = memberRoles.find((known) => known === member?.['role']);
  if (name === undefined || role === undefined) {
    throw unexpectedAnswer(attempt, 'it has a member without a name or a role');
  }
  const factor = member?.['second_factor'];
  return { name, role, secondFactor: typeof factor === 'boolean' ? factor : undefined };
}

export async function setMember(
  client: RegistryClient,
  proofs: Proofs,
  name: string,
  { user, role }: { readonly user: string; readonly role: MemberRole },
): Promise<void> {
  const attempt = `failed to add \`${user}\` to the organisation \`${name}\``;
  // npm calls a member who is no owner a developer.
  const json = { user, role: role === 'owner' ? 'owner' : 'developer' };
  await client.send({ method: 'PUT', path: membersOf(name), command, attempt, ...proofs, json });
}

export async function removeMember(
  client: RegistryClient,
  proofs: Proofs,
  name: string,
  user: string,
): Promise<void> {
  const attempt = `failed to remove \`${user}\` from the organisation \`${name}\``;
  await client.send({ method: 'DELETE', path: membersOf(name), command, attempt, ...proofs, json: { user } });
}

export async function requireFactorOfMembers(
  client: RegistryClient,
  proofs: Proofs,
  name: string,
  required: boolean,
): Promise<void> {
  const attempt = `failed to change what the organisation \`${name}\` requires of its members`;
  const json = { require_2fa: required };
  const request = { path: `${path}/${encodeSegment(name)}`, command, attempt, ...proofs, json };
  await client.send({ method: 'POST', ...request });
}

function membersOf(name: string): string {
  return `-/org/${encodeSegment(name)}/user`;
}
