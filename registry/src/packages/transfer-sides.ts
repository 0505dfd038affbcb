import { findAccount } from '../accounts/accounts.ts';
import type { Actor } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import { findOrganisation, listMembers, memberRole } from '../organisations/organisations.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { findPackage, isPublic, noSuchPackage, packageSubject } from './packages.ts';
import { permissionOf } from './permissions.ts';
import { findScope, type Scope, scopeSubject } from './scopes.ts';

/** What is moved, and to whom. Scopes and transfers are npm's: no other ecosystem has them. */

type Giver = Pick<Actor, 'accountId'>;

export type Thing = { readonly subject: string; readonly text: string } & (
  | { readonly kind: 'package'; readonly record: PackageRecord }
  | { readonly kind: 'scope'; readonly scope: Scope }
);

export interface Receiver {
  readonly kind: 'account' | 'organisation';
  readonly id: number;
  readonly name: string;
}

type NamedThing = { readonly package: string } | { readonly scope: string };

export function subjectOf(thing: NamedThing): string {
  return 'package' in thing
    ? packageSubject({ ecosystem: 'npm', name: thing.package })
    : scopeSubject(thing.scope);
}

export function describeThing(thing: NamedThing): string {
  return 'package' in thing ? thing.package : `the scope ${thing.scope}`;
}

/** Throws `not_found`; a package the giver may not see is one that is not there. */
export async function findThing(db: Read, named: NamedThing, giver: Giver): Promise<Thing> {
  const words = { subject: subjectOf(named), text: describeThing(named) };
  if ('scope' in named) {
    const scope = await findScope(db, named.scope);
    if (scope === undefined) throw new Refusal('not_found', `nobody has claimed the scope ${named.scope}`);
    return { ...words, kind: 'scope', scope };
  }
  const id = { ecosystem: 'npm', name: named.package };
  const record = await findPackage(db, id);
  if (record === undefined) throw noSuchPackage(id);
  const hidden = !(await isPublic(db, record)) && (await permissionOf(db, giver, record)) === undefined;
  if (hidden) throw noSuchPackage(id);
  return { ...words, kind: 'package', record };
}

/** Throws `not_owner`. */
export async function requireOwnerOfThing(db: Read, giver: Giver, thing: Thing): Promise<void> {
  const owns =
    thing.kind === 'package'
      ? (await permissionOf(db, giver, thing.record)) === 'owner'
      : await holdsScope(db, giver, thing.scope);
  if (!owns) throw new Refusal('not_owner', `${thing.text} is not yours to give`);
}

async function holdsScope(db: Read, { accountId }: Giver, scope: Scope): Promise<boolean> {
  if (scope.organisation_id === null) return scope.account_id === accountId;
  return (await memberRole(db, scope.organisation_id, accountId)) === 'owner';
}

export async function findReceiver(db: Read, name: string): Promise<Receiver> {
  const account = await findAccount(db, name);
  if (account !== undefined) return { kind: 'account', id: account.id, name };
  const organisation = await findOrganisation(db, name);
  if (organisation !== undefined) return { kind: 'organisation', id: organisation.id, name };
  throw new Refusal('not_found', 'there is no account and no organisation of that name here');
}

/** Who speaks for the receiver: the account, or the owners of the organisation. */
export async function ownersOfReceiver(db: Read, receiver: Receiver): Promise<number[]> {
  if (receiver.kind === 'account') return [receiver.id];
  const members = await listMembers(db, receiver.id);
  return members.filter(({ role }) => role === 'owner').map(({ id }) => id);
}
