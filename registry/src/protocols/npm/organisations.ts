import type { FastifyReply, FastifyRequest } from 'fastify';
import { getNamedAccount } from '../../accounts/accounts.ts';
import type { Actor } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { removeMember, setMember } from '../../organisations/members.ts';
import {
  findOrganisation,
  getMembership,
  listMembers,
  type MemberRole,
  memberRole,
} from '../../organisations/organisations.ts';
import { listPackagesOfAccount } from '../../packages/of-account.ts';
import { listPackagesOf } from '../../packages/of-organisation.ts';
import { isPublic } from '../../packages/packages.ts';
import { permissionOf } from '../../packages/permissions.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { findRequestActor, parameter, requireActor, requireRequester } from '../request.ts';
import { bodyObject, optionalString, requiredString } from '../request-body.ts';

/** `npm org` and `npm access list packages`, as npm 12 sends them (measured). There are no teams here. */

/** `PUT /-/org/<org>/user` with `{ user, role }`: `npm org set`. */
export async function putMember(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const body = bodyObject(request);
  const name = parameter(request, 'org');
  const user = requiredString(body, 'user');
  const role = optionalString(body, 'role') ?? 'developer';
  await setMember(services, requester, name, { user, role: roleIn(role) });
  const { organisation } = await getMembership(services.database.read, name, requester.actor.accountId);
  const { length: size } = await listMembers(services.database.read, organisation.id);
  reply.code(201);
  return { org: { name, size }, user, role };
}

/** npm's names for roles; `member` is our own for a developer. An admin of npm's manages members, which here is an owner. */
function roleIn(text: string): MemberRole {
  if (text === 'owner') return 'owner';
  if (text === 'developer' || text === 'member') return 'member';
  if (text === 'admin') throw new Refusal('unsupported', 'a member here is an owner or a developer');
  throw new Refusal('bad_request', 'a role is either owner or developer');
}

/** `DELETE /-/org/<org>/user` with `{ user }`: `npm org rm`. */
export async function deleteMember(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const user = requiredString(bodyObject(request), 'user');
  await removeMember(services, requester, parameter(request, 'org'), user);
  reply.code(204);
}

/** `GET /-/org/<org>/user`: `npm org ls`. For members. */
export async function getMembers(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  const db = services.database.read;
  const { organisation } = await getMembership(db, parameter(request, 'org'), accountId);
  const members = await listMembers(db, organisation.id);
  return Object.fromEntries(
    members.map(({ name, role }) => [name, role === 'owner' ? 'owner' : 'developer']),
  );
}

/** `GET /-/org/<org>/package`. npm asks for the packages of a user of that name when this is 404. */
export async function getOrganisationPackages(services: Services, request: FastifyRequest) {
  const actor = await findRequestActor(services, request);
  const db = services.database.read;
  const organisation = await findOrganisation(db, parameter(request, 'org'));
  const packages = organisation ? await listPackagesOf(db, organisation.id) : [];
  const described = await describePackages(db, actor, packages);
  if (Object.keys(described).length > 0) return described;
  // Whether there is an organisation of which nothing can be seen is for its members to know.
  const role = organisation && actor && (await memberRole(db, organisation.id, actor.accountId));
  if (role !== undefined) return described;
  throw new Refusal('not_found', 'there is no organisation of that name here');
}

/** `GET /-/user/<user>/package`: the packages the user has a role in, as far as the reader may see them. */
export async function getUserPackages(services: Services, request: FastifyRequest) {
  const actor = await requireActor(services, request);
  const db = services.database.read;
  const account = await getNamedAccount(db, parameter(request, 'id'));
  const packages = await listPackagesOfAccount(db, account.id);
  return await describePackages(
    db,
    actor,
    packages.filter(({ ecosystem }) => ecosystem === 'npm'),
  );
}

async function describePackages(db: Read, actor: Actor | undefined, records: readonly PackageRecord[]) {
  const entries: [string, 'read' | 'write'][] = [];
  for (const record of records) {
    const role = actor && (await permissionOf(db, actor, record));
    if (role !== undefined) entries.push([record.name, 'write']);
    else if (await isPublic(db, record)) entries.push([record.name, 'read']);
  }
  return Object.fromEntries(entries);
}

/** Whatever npm asks about teams. Their use, a part of the members for a part of the packages, is not there. */
export async function refuseTeams(): Promise<never> {
  throw new Refusal('unsupported', 'this registry has organisations and no teams: use npm org');
}
