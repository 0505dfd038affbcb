import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasSecondFactor } from '../../accounts/second-factor/factors.ts';
import { Refusal } from '../../errors.ts';
import { createOrganisation } from '../../organisations/create-organisation.ts';
import { requireFactorOfMembers } from '../../organisations/members.ts';
import { getMembership, listMembers, listMemberships } from '../../organisations/organisations.ts';
import type { Services } from '../../services.ts';
import { parameter, requireActor, requireRequester } from '../request.ts';
import { bodyObject, requiredString } from '../request-body.ts';

/** Organisations: docs/protocol.md, "Organisations". Members are changed as npm does it. */

/** `POST /-/pub/v1/organisations` with `{ "name": … }`. */
export async function postOrganisation(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const name = requiredString(bodyObject(request), 'name');
  await createOrganisation(services, requester, name);
  reply.code(201);
  return await describe(services, name, requester.actor.accountId);
}

/** `GET /-/pub/v1/organisations`: those the account is a member of. */
export async function getOrganisations(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  const memberships = await listMemberships(services.database.read, accountId);
  const shown = memberships.map(({ name, role, require_2fa }) => ({
    name,
    role,
    require_2fa: require_2fa === 1,
  }));
  return { organisations: shown };
}

/** `GET /-/pub/v1/organisations/<name>`: for members. */
export async function getOrganisation(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  return await describe(services, parameter(request, 'org'), accountId);
}

/** `POST /-/pub/v1/organisations/<name>` with `{ "require_2fa": true | false }`. */
export async function postOrganisationPolicy(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const required = bodyObject(request)['require_2fa'];
  if (typeof required !== 'boolean') throw new Refusal('bad_request', '"require_2fa" is not true or false');
  const name = parameter(request, 'org');
  await requireFactorOfMembers(services, requester, name, required);
  return await describe(services, name, requester.actor.accountId);
}

/** Whether somebody has a second factor is told to owners, who need it, and to nobody else. */
async function describe(services: Services, name: string, accountId: number) {
  const db = services.database.read;
  const { organisation, role } = await getMembership(db, name, accountId);
  const members = [];
  for (const member of await listMembers(db, organisation.id)) {
    const factor = role === 'owner' && { second_factor: await hasSecondFactor(db, member.id) };
    members.push({ name: member.name, role: member.role, ...factor });
  }
  const scopes = await db
    .selectFrom('scopes')
    .select('name')
    .where('organisation_id', '=', organisation.id)
    .orderBy('name')
    .execute();
  return {
    name,
    require_2fa: organisation.require_2fa === 1,
    scopes: scopes.map((scope) => scope.name),
    members,
  };
}
