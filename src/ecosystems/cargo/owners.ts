import { foreignText } from '../../http/foreign-text.ts';
import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { Owner, PackageRole } from '../registry.ts';
import type { ApiClient } from './api-client.ts';
import { unexpectedAnswer, unsupported } from './api-refusal.ts';
import { requireCrateName } from './crate-name.ts';

/** As cargo asks for them: with the token, where there is one. */
export async function owners(
  api: ApiClient,
  name: string,
  token: Secret | undefined,
): Promise<readonly Owner[]> {
  requireCrateName(name);
  const attempt = `failed to list the owners of \`${name}\` at ${api.index.displayUrl}`;
  const { users } = await api.read({ method: 'GET', path: ownersPath(name), attempt, token });
  if (!Array.isArray(users)) throw unexpectedAnswer(attempt, 'it has no list of owners');
  return users.map((user) => ownerFrom(user) ?? refuse(attempt));
}

function refuse(attempt: string): never {
  throw unexpectedAnswer(attempt, 'it has an owner without a name');
}

const roles: readonly PackageRole[] = ['owner', 'maintainer'];

/** `pub-registry` tells roles as well. */
function ownerFrom(user: Json): Owner | undefined {
  const entry = isJsonObject(user) ? user : undefined;
  const login = stringMember(entry, 'login');
  if (login === undefined || login === '') return undefined;
  const email = stringMember(entry, 'email');
  const organisation = stringMember(entry, 'organisation');
  return {
    name: foreignText(login),
    email: email && foreignText(email),
    role: roles.find((role) => role === entry?.['role']),
    organisation: organisation && foreignText(organisation),
  };
}

/** crates.io and `pub-registry` invite; which of the two it was is said in words alone. */
export async function addOwner(
  api: ApiClient,
  proofs: Proofs,
  name: string,
  { user, role }: { readonly user: string; readonly role: PackageRole },
): Promise<'added' | 'invited'> {
  requireCrateName(name);
  const attempt = `failed to add \`${user}\` to the owners of \`${name}\` at ${api.index.displayUrl}`;
  if (role !== 'owner') throw unsupported(attempt, 'leave out --role: crates have owners only');
  const request = {
    method: 'PUT',
    path: ownersPath(name),
    attempt,
    ...proofs,
    json: { users: [user] },
  } as const;
  const answer = await api.read(request);
  return /\binvited\b/i.test(stringMember(answer, 'msg') ?? '') ? 'invited' : 'added';
}

export async function removeOwner(api: ApiClient, proofs: Proofs, name: string, user: string): Promise<void> {
  requireCrateName(name);
  const attempt = `failed to remove \`${user}\` from the owners of \`${name}\` at ${api.index.displayUrl}`;
  await api.read({ method: 'DELETE', path: ownersPath(name), attempt, ...proofs, json: { users: [user] } });
}

function ownersPath(name: string): string {
  return `crates/${name}/owners`;
}
