import { PubError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { PackageOf } from '../pub-registry.ts';
import type { Owner, PackageRole } from '../registry.ts';
import { maintainersOf, ownerFrom, packageRoleIn } from './packument.ts';
import {
  encodeSegment,
  isSuccess,
  packagePath,
  type RegistryClient,
  unexpectedAnswer,
} from './registry-client.ts';

/** From a registry that tells roles with them, else from the packument, where no registry can. */
export async function owners(
  client: RegistryClient,
  packageName: string,
  token: Secret | undefined,
): Promise<readonly Owner[]> {
  const attempt = `failed to list the owners of \`${packageName}\` at ${client.displayUrl}`;
  const path = `-/package/${packagePath(packageName)}/owners`;
  const answer = await client.ask({ method: 'GET', path, command: 'owner', attempt, token });
  if (isSuccess(answer)) return ownersWithRoles(parseJsonObject(answer.text), attempt);
  const packument = await readPackument(client, { packageName, token, attempt, query: '' });
  return ownersIn(packument, attempt);
}

function ownersWithRoles(answer: JsonObject | undefined, attempt: string): readonly Owner[] {
  const list = answer?.['owners'];
  if (!Array.isArray(list)) throw unexpectedAnswer(attempt, 'it has no list of owners');
  return list.map((entry: Json) => {
    const owner = ownerFrom(entry);
    const role = packageRoleIn(entry);
    if (owner === undefined || role === undefined) {
      throw unexpectedAnswer(attempt, 'it has an owner without a name or a role');
    }
    const organisation = isJsonObject(entry) ? stringMember(entry, 'organisation') : undefined;
    return { ...owner, role, organisation };
  });
}

/** npm's way (measured, npm 12): look the person up, read the list with its revision, write the new list. */
export async function addOwner(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  { user, role }: { readonly user: string; readonly role: PackageRole },
): Promise<'added' | 'invited'> {
  const attempt = `failed to add \`${user}\` to the owners of \`${packageName}\` at ${client.displayUrl}`;
  if (role !== 'owner') return await addWithRole(client, { proofs, packageName, attempt }, user, role);
  const added = await readUser(client, proofs.token, user, attempt);
  const answer = await change(client, { proofs, packageName, attempt }, (current) =>
    current.some(({ name }) => name === added.name) ? undefined : [...current, added],
  );
  const invited = answer?.['invited'];
  return Array.isArray(invited) && invited.includes(user) ? 'invited' : 'added';
}

/** docs/protocol.md, "Owners": a registry that knows no roles has no such route, and says so. */
async function addWithRole(
  client: RegistryClient,
  { proofs, packageName, attempt }: Change,
  user: string,
  role: PackageRole,
): Promise<'added' | 'invited'> {
  return await putOwner(client, proofs, {
    path: `-/package/${packagePath(packageName)}/owners`,
    attempt,
    user,
    role,
  });
}

/** The same at `pub-registry`, for a package of another ecosystem. */
export async function addOwnerOf(
  client: RegistryClient,
  proofs: Proofs,
  { ecosystem, name }: PackageOf,
  { user, role }: { readonly user: string; readonly role: PackageRole },
): Promise<'added' | 'invited'> {
  const attempt = `failed to add \`${user}\` to the owners of \`${name}\` at ${client.displayUrl}`;
  const path = `-/pub/v1/packages/${ecosystem}/${packagePath(name)}/owners`;
  return await putOwner(client, proofs, { path, attempt, user, role });
}

async function putOwner(
  client: RegistryClient,
  proofs: Proofs,
  { path, attempt, user, role }: { path: string; attempt: string; user: string; role: PackageRole },
): Promise<'added' | 'invited'> {
  const answer = await client.read({
    method: 'PUT',
    path,
    command: 'owner',
    attempt,
    ...proofs,
    json: { user, role },
  });
  return answer['invited'] === true ? 'invited' : 'added';
}

export async function removeOwner(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  user: string,
): Promise<void> {
  const attempt = `failed to remove \`${user}\` from the owners of \`${packageName}\` at ${client.displayUrl}`;
  let listed = true;
  await change(client, { proofs, packageName, attempt }, (current) => {
    const left = current.filter(({ name }) => name !== user);
    listed = left.length < current.length;
    if (!listed) return undefined;
    if (left.length === 0) {
      throw new PubError('E_REFUSED', attempt, {
        cause: new Error('a package cannot be left without an owner'),
        hint: 'add another owner first',
      });
    }
    return left;
  });
  if (!listed) await withdrawInvitation(client, { proofs, packageName, attempt }, user);
}

/** Who is only invited is in no list. Where nobody is, the registry answers that there is no such owner. */
async function withdrawInvitation(
  client: RegistryClient,
  { proofs, packageName, attempt }: Change,
  user: string,
): Promise<void> {
  const path = `-/package/${packagePath(packageName)}/owners/${encodeSegment(user)}`;
  await client.send({ method: 'DELETE', path, command: 'owner', attempt, ...proofs });
}

interface Change {
  readonly proofs: Proofs;
  readonly packageName: string;
  readonly attempt: string;
}

/** `next` gives the new list, or `undefined` when it would be the same. */
async function change(
  client: RegistryClient,
  { proofs, packageName, attempt }: Change,
  next: (current: readonly Owner[]) => readonly Owner[] | undefined,
): Promise<JsonObject | undefined> {
  const { token, oneTimePassword } = proofs;
  const packument = await readPackument(client, { packageName, token, attempt, query: '?write=true' });
  const revision = stringMember(packument, '_rev');
  if (revision === undefined || !/^[\w.-]{1,256}$/.test(revision)) {
    throw unexpectedAnswer(attempt, 'it has no revision to change');
  }
  const changed = next(ownersIn(packument, attempt));
  if (changed === undefined) return undefined;
  const maintainers = changed.map(({ name, email }) => ({ name, email: email ?? '' }));
  const answer = await client.send({
    method: 'PUT',
    path: `${packagePath(packageName)}/-rev/${encodeSegment(revision)}`,
    command: 'owner',
    attempt,
    token,
    oneTimePassword,
    json: { _id: stringMember(packument, '_id') ?? packageName, _rev: revision, maintainers },
  });
  return parseJsonObject(answer.text);
}

async function readUser(
  client: RegistryClient,
  token: Secret,
  user: string,
  attempt: string,
): Promise<Owner> {
  const path = `-/user/org.couchdb.user:${encodeSegment(user)}`;
  const found = ownerFrom(await client.read({ method: 'GET', path, command: 'owner', attempt, token }));
  if (found?.name !== user) throw unexpectedAnswer(attempt, 'it is about another user');
  return found;
}

interface PackumentRequest {
  readonly packageName: string;
  readonly token: Secret | undefined;
  readonly attempt: string;
  readonly query: string;
}

async function readPackument(client: RegistryClient, request: PackumentRequest): Promise<JsonObject> {
  const { packageName, token, attempt, query } = request;
  const path = `${packagePath(packageName)}${query}`;
  const packument = await client.read({ method: 'GET', path, command: 'owner', attempt, token });
  if (packument['name'] !== packageName) throw unexpectedAnswer(attempt, 'it is about another package');
  return packument;
}

function ownersIn(packument: JsonObject, attempt: string): readonly Owner[] {
  const list = maintainersOf(packument);
  if (list === undefined) throw unexpectedAnswer(attempt, 'it has no list of owners');
  return list;
}
