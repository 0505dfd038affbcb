import type { FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { refuseActBeyondLimits } from '../../accounts/tokens/limits.ts';
import { Refusal } from '../../errors.ts';
import { addOwners, removeOwners } from '../../packages/owners.ts';
import { type PackageId, packageSubject } from '../../packages/packages.ts';
import { listPeople } from '../../packages/permissions.ts';
import { setYanked } from '../../packages/yanking.ts';
import type { Services } from '../../services.ts';
import { parameter, requireRequester } from '../request.ts';
import { bodyObject, stringList } from '../request-body.ts';
import { findCrate } from './find-crate.ts';
import { noSuchCrate, readableCrate, readerOf } from './reader.ts';

/** Yanking and owners: "Yank" and "Owners" of the Cargo book's registry web API. */

/** `DELETE /cargo/api/v1/crates/<crate>/<version>/yank` */
export async function yank(services: Services, request: FastifyRequest) {
  return await changeYanked(services, request, true);
}

/** `PUT /cargo/api/v1/crates/<crate>/<version>/unyank` */
export async function unyank(services: Services, request: FastifyRequest) {
  return await changeYanked(services, request, false);
}

async function changeYanked(services: Services, request: FastifyRequest, yanked: boolean) {
  const requester = await requireRequester(services, request);
  const version = parameter(request, 'version');
  const id = await crateParameter(services, request);
  const command = `pub yank ${yanked ? '' : '--undo '}${id.name}@${version}`;
  await withFactor(request, requester, command, () =>
    setYanked(services, requester, id, { version, yanked }),
  );
  return { ok: true };
}

/**
 * `GET /cargo/api/v1/crates/<crate>/owners`. An id is a number of 32 bits: anything else fails the whole list (measured).
 * cargo asks its credential provider for the same token as to change them: one for that act lists them, and is not used up.
 */
export async function getOwners(services: Services, request: FastifyRequest) {
  const reader = await readerOf(services, request);
  const crate = await readableCrate(services, reader, parameter(request, 'name'));
  const { actor } = reader;
  if (actor?.credential.once !== undefined)
    refuseActBeyondLimits(actor, { action: 'owner:list', subject: packageSubject(crate), details: {} });
  const people = await listPeople(services.database.read, crate);
  return {
    users: people.map(({ id, name, role, organisation }) => ({
      id,
      login: name,
      role,
      ...(organisation !== undefined && { organisation }),
    })),
  };
}

/** `PUT /cargo/api/v1/crates/<crate>/owners`: an invitation for each who is new. cargo prints `msg`. */
export async function putOwners(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const id = await crateParameter(services, request);
  const users = usersIn(request);
  const { invited } = await withFactor(
    request,
    requester,
    `pub owner add ${id.name} ${users.join(' ')}`,
    () => addOwners(services, requester, id, { users, role: 'owner' }),
  );
  const page = `${services.settings.publicUrl()}/-/web/invitations`;
  const told = users.map((user) =>
    invited.includes(user)
      ? `${user} has been invited to be an owner of ${id.name}, and is one after accepting at ${page}`
      : `${user} is an owner of ${id.name}`,
  );
  return { ok: true, msg: told.join(', ') };
}

/** `DELETE /cargo/api/v1/crates/<crate>/owners`. Without `msg` cargo fails (measured), though it does not print it. */
export async function deleteOwners(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const id = await crateParameter(services, request);
  const users = usersIn(request);
  await withFactor(request, requester, `pub owner remove ${id.name} ${users.join(' ')}`, () =>
    removeOwners(services, requester, id, users),
  );
  return { ok: true, msg: `${users.join(', ')} removed from the owners of ${id.name}` };
}

/** crates.io's limit. */
const mostUsers = 10;

function usersIn(request: FastifyRequest): readonly string[] {
  const users = [...new Set(stringList(bodyObject(request), 'users') ?? [])];
  if (users.length === 0 || users.length > mostUsers)
    throw new Refusal('bad_request', `"users" is not a list of 1 to ${mostUsers} names`);
  if (users.some((user) => user.includes(':')))
    throw new Refusal('unsupported', 'owners are accounts of this registry: it knows no teams');
  return users;
}

/** The crate a request is about, by the name it was published under. */
async function crateParameter(services: Services, request: FastifyRequest): Promise<PackageId> {
  const found = await findCrate(services.database.read, parameter(request, 'name'));
  if (found === undefined) throw noSuchCrate();
  return { ecosystem: 'cargo', name: found.name };
}

/**
 * cargo can send no second factor, and what it prints of an error is all that its user learns. A program that knows
 * the question (`npm-otp`, `npm-auth-type`) is asked as everywhere else.
 */
async function withFactor<T>(
  request: FastifyRequest,
  { code }: Requester,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const asked = code !== undefined || request.headers['npm-auth-type'] !== undefined;
    if (asked || !(error instanceof Refusal) || error.code !== 'otp_required') throw error;
    throw beyondCargo(command, error);
  }
}

function beyondCargo(command: string, cause: Refusal): Refusal {
  return new Refusal(
    'proof_required',
    `this takes a second factor, which cargo cannot send: use \`${command}\`, or \`pub setup cargo\` once and repeat it`,
    { cause },
  );
}
