import type { FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { addOwner, removeOwner } from '../../packages/owners.ts';
import { parseVersion } from '../../packages/package-name.ts';
import { getReadablePackage } from '../../packages/packages.ts';
import { listPeople, type Role } from '../../packages/permissions.ts';
import { changePolicy } from '../../packages/policy.ts';
import { listTags, parseTag, removeTag, setTag } from '../../packages/tags.ts';
import type { Services } from '../../services.ts';
import type { JsonObject } from '../../strict-json.ts';
import { packageParameter, parameter, readablePackage, requireRequester } from '../request.ts';
import { accessValue, bodyObject, optionalString, requiredString } from '../request-body.ts';

/** Owners, access and tags, in the shapes of npm and of pnpm. */

/** `PUT /-/package/<package>/owners` with `{ user }`: `pnpm owner add`. `role` is ours: docs/protocol.md, "Owners". */
export async function putOwner(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const body = bodyObject(request);
  const user = requiredString(body, 'user');
  const role = roleValue(optionalString(body, 'role') ?? 'owner');
  const { invited } = await addOwner(services, requester, packageParameter(services, request), {
    user,
    role,
  });
  return { ok: true, invited };
}

function roleValue(text: string): Role {
  if (text === 'owner' || text === 'maintainer') return text;
  throw new Refusal('bad_request', 'a role is either owner or maintainer');
}

/** `DELETE /-/package/<package>/owners/<user>`: `pnpm owner rm`. */
export async function deleteOwner(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  await removeOwner(services, requester, packageParameter(services, request), parameter(request, 'user'));
  return { ok: true };
}

/** `GET /-/package/<package>/visibility` */
export async function getVisibility(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  return { public: record.access === 'public' };
}

/** `GET /-/package/<package>/access`: what pnpm reads instead. */
export async function getAccess(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  return { access: record.access, publish_requires_tfa: record.require_2fa === 1 };
}

/** `GET /-/package/<package>/collaborators`: everybody who may change it. */
export async function getCollaborators(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  const people = await listPeople(services.database.read, record);
  return Object.fromEntries(people.map(({ name }) => [name, 'write']));
}

/** `POST /-/package/<package>/access`: `npm access set status|mfa=…` */
export async function postAccess(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  const body = bodyObject(request);
  const requireSecondFactor = requirementIn(body);
  const access = accessValue(optionalString(body, 'access'));
  if (access === undefined && requireSecondFactor === undefined) {
    throw new Refusal('bad_request', 'there is neither "access" nor "publish_requires_tfa" in the body');
  }
  await changePolicy(services, requester, id, { access, requireSecondFactor });
  const { access: status, require_2fa } = await getReadablePackage(
    services.database.read,
    id,
    requester.actor,
  );
  return { access: status, publish_requires_tfa: require_2fa === 1 };
}

function requirementIn(body: JsonObject): boolean | undefined {
  const required = body['publish_requires_tfa'];
  if (required === undefined) return undefined;
  if (typeof required !== 'boolean')
    throw new Refusal('bad_request', '"publish_requires_tfa" is not true or false');
  // What is not enforced is refused: no token here stands in for a person's second factor.
  if (required && body['automation_token_overrides_tfa'] === true) {
    throw new Refusal(
      'unsupported',
      'no token of this registry stands in for a second factor: use mfa=publish',
    );
  }
  return required;
}

/** `GET /-/package/<package>/dist-tags` */
export async function getTags(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  return await listTags(services.database.read, record.id);
}

/** `PUT /-/package/<package>/dist-tags/<tag>` with the version as a JSON string. */
export async function putTag(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const version = parseVersion(request.body);
  await setTag(services, requester, packageParameter(services, request), {
    tag: parseTag(parameter(request, 'tag')),
    version,
  });
  return { ok: true };
}

/** `DELETE /-/package/<package>/dist-tags/<tag>` */
export async function deleteTag(services: Services, request: FastifyRequest) {
  const requester: Requester = await requireRequester(services, request);
  await removeTag(
    services,
    requester,
    packageParameter(services, request),
    parseTag(parameter(request, 'tag')),
  );
  return { ok: true };
}
