import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { acceptInvitation, declineInvitation } from '../../packages/answer-invitation.ts';
import { acceptTransfer, declineTransfer } from '../../packages/answer-transfer.ts';
import { claimScope } from '../../packages/claim-scope.ts';
import { type Invitation, listInvitations } from '../../packages/invitations.ts';
import { parseScope } from '../../packages/package-name.ts';
import { listPeople, permissionOf } from '../../packages/permissions.ts';
import { describeHolder, findScope, type Holder } from '../../packages/scopes.ts';
import { listTransfers, type OpenTransfer, transfer } from '../../packages/transfers.ts';
import type { Services } from '../../services.ts';
import type { Json, JsonObject } from '../../strict-json.ts';
import {
  findRequestActor,
  packageParameter,
  parameter,
  readablePackage,
  requireActor,
  requireRequester,
} from '../request.ts';
import { bodyObject, optionalString, requiredString } from '../request-body.ts';

/** Owners with their roles, invitations, scopes and transfers: docs/protocol.md, "Owners". */

/** `GET /-/package/<package>/owners`. Who is invited is told to those who have a role themselves. */
export async function getOwners(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  const db = services.database.read;
  const people = await listPeople(db, record);
  // The token is good here or missing: a bad one reads a public package as nobody.
  const actor = await findRequestActor(services, request).catch(() => undefined);
  const insider = actor !== undefined && (await permissionOf(db, actor, record)) !== undefined;
  const invited = insider ? await listInvitations(db, { packageId: record.id }, services.clock()) : [];
  return {
    owners: people.map(({ name, email, role, organisation }) => ({
      name,
      email: email ?? '',
      role,
      ...(organisation !== undefined && { organisation }),
    })),
    invitations: invited.map(({ user, role, expiresAt }) => ({ user, role, expires: iso(expiresAt) })),
  };
}

/** `GET /-/pub/v1/invitations`: what waits for an answer of this account. */
export async function getInvitations(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  const open = await listInvitations(services.database.read, { accountId }, services.clock());
  return { invitations: open.map(describeInvitation) };
}

function describeInvitation({ id, package: name, ecosystem, role, invitedBy, expiresAt }: Invitation) {
  return { id, ecosystem, package: name, role, invited_by: invitedBy, expires: iso(expiresAt) };
}

/** `POST /-/pub/v1/invitations/<id>` with `{ "answer": "accept" | "decline" }`. */
export async function postInvitation(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const answer = answerIn(bodyObject(request)) === 'accept' ? acceptInvitation : declineInvitation;
  return describeInvitation(await answer(services, requester, identifier(request)));
}

function answerIn(body: JsonObject): 'accept' | 'decline' {
  const answer = requiredString(body, 'answer');
  if (answer === 'accept' || answer === 'decline') return answer;
  throw new Refusal('bad_request', '"answer" is either accept or decline');
}

function identifier(request: FastifyRequest): number {
  const text = parameter(request, 'id');
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Refusal('not_found', 'there is nothing of that number');
  return Number(text);
}

/** `GET /-/pub/v1/scopes/<scope>` */
export async function getScope(services: Services, request: FastifyRequest) {
  const scope = parseScope(parameter(request, 'scope'));
  const found = await findScope(services.database.read, scope);
  if (found === undefined) throw new Refusal('not_found', `nobody has claimed the scope ${scope}`);
  return { scope, holder: await describeHolder(services.database.read, found as Holder) };
}

/** `PUT /-/pub/v1/scopes/<scope>`, with `{ "organisation": … }` to claim it for one. */
export async function putScope(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const scope = parseScope(parameter(request, 'scope'));
  await claimScope(services, requester, scope, optionalString(bodyObject(request), 'organisation'));
  reply.code(201);
  return await getScope(services, request);
}

/** `POST /-/package/<package>/transfer` */
export async function postPackageTransfer(services: Services, request: FastifyRequest, reply: FastifyReply) {
  return await answerTransfer(services, request, reply, {
    package: packageParameter(services, request).name,
  });
}

/** `POST /-/pub/v1/scopes/<scope>/transfer` */
export async function postScopeTransfer(services: Services, request: FastifyRequest, reply: FastifyReply) {
  return await answerTransfer(services, request, reply, { scope: parseScope(parameter(request, 'scope')) });
}

async function answerTransfer(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  thing: { package: string } | { scope: string },
) {
  const requester = await requireRequester(services, request);
  const body = bodyObject(request);
  const to = requiredString(body, 'to');
  const state = await transfer(services, requester, { thing, to, keep: namesIn(body['keep']) });
  reply.code(state === 'done' ? 200 : 202);
  return { ...thing, to, state };
}

function namesIn(value: Json | undefined): string[] {
  if (value === undefined) return [];
  const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
  if (!Array.isArray(value) || names.length !== value.length || names.length > 100) {
    throw new Refusal('bad_request', '"keep" is not a list of at most 100 account names');
  }
  return [...new Set(names)];
}

/** `GET /-/pub/v1/transfers` */
export async function getTransfers(services: Services, request: FastifyRequest) {
  const actor: Actor = await requireActor(services, request);
  const open = await listTransfers(services.database.read, actor, services.clock());
  return { transfers: open.map(describeTransfer) };
}

function describeTransfer({ id, package: name, scope, to, offeredBy, expiresAt }: OpenTransfer) {
  const thing = scope === null ? { package: name } : { scope };
  return { id, ...thing, to, offered_by: offeredBy, expires: iso(expiresAt) };
}

/** `POST /-/pub/v1/transfers/<id>` with `{ "answer": "accept" | "decline" }`. */
export async function postTransfer(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const answer = answerIn(bodyObject(request)) === 'accept' ? acceptTransfer : declineTransfer;
  return describeTransfer(await answer(services, requester, identifier(request)));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
