import type { Actor } from '../accounts/actor.ts';
import { listMembers, type Member, type MemberRole, memberRole } from '../organisations/organisations.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import type { OrganisationRow } from '../store/schema-people.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { scopeOf } from './package-name.ts';

/**
 * What an account may do with a package: the one answer everybody asks for. It is put together, when it is
 * asked, from the names on the package and from the organisation the package belongs to. Nothing of the second
 * is ever copied to a package: who leaves the organisation has left every package of it.
 */

/** An owner may do everything; a maintainer publishes, stages, deprecates and moves tags. */
export type Role = 'owner' | 'maintainer';

type Subject = Pick<PackageRecord, 'id' | 'name' | 'organisation_id'>;

export async function permissionOf(
  db: Read,
  { accountId }: Pick<Actor, 'accountId'>,
  record: Subject,
): Promise<Role | undefined> {
  const named = await namedRole(db, record.id, accountId);
  if (named === 'owner') return named;
  const organisation = await organisationOf(db, record);
  const member = organisation && (await memberRole(db, organisation.id, accountId));
  return member === undefined ? named : strongest(named, roleOfMember(member));
}

/** True when what `has` allows holds all that `needed` does. */
export function permits(has: Role | undefined, needed: Role): boolean {
  return has === 'owner' || has === needed;
}

function roleOfMember(role: MemberRole): Role {
  return role === 'owner' ? 'owner' : 'maintainer';
}

function strongest(a: Role | undefined, b: Role): Role {
  return a === 'owner' || b === 'owner' ? 'owner' : 'maintainer';
}

async function namedRole(db: Read, packageId: number, accountId: number): Promise<Role | undefined> {
  return (await roleOnPackage.first(db, { packageId, accountId }))?.role;
}

const roleOnPackage = statement(
  (db, { packageId, accountId }: Placeholders<{ packageId: number; accountId: number }>) =>
    db
      .selectFrom('owners')
      .select('role')
      .where('package_id', '=', packageId)
      .where('account_id', '=', accountId),
);

export interface PackageOrganisation {
  readonly id: number;
  readonly name: string;
  readonly require_2fa: OrganisationRow['require_2fa'];
}

/** The organisation a package belongs to: the one that holds its scope, or the one it was moved to without a scope. */
export async function organisationOf(
  db: Read,
  { name, organisation_id }: Pick<PackageRecord, 'name' | 'organisation_id'>,
): Promise<PackageOrganisation | undefined> {
  const scope = scopeOf(name);
  const query = db
    .selectFrom('organisations')
    .select(['organisations.id', 'organisations.name', 'organisations.require_2fa']);
  if (scope === undefined) {
    if (organisation_id === null) return undefined;
    return await query.where('organisations.id', '=', organisation_id).executeTakeFirst();
  }
  return await query
    .innerJoin('scopes', 'scopes.organisation_id', 'organisations.id')
    .where('scopes.name', '=', scope)
    .executeTakeFirst();
}

/** Somebody who may do something with a package. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly role: Role;
  /** The organisation their role comes from, where it is not written on the package. */
  readonly organisation: string | undefined;
}

/** Everybody whose name is on the package, in the order they came, then the members of its organisation. */
export async function listPeople(db: Read, record: Subject): Promise<Person[]> {
  const named = await listNamed(db, record.id);
  const organisation = await organisationOf(db, record);
  if (organisation === undefined) return named;
  const members = await listMembers(db, organisation.id);
  const raised = named.map((person) => raise(person, members, organisation.name));
  const others = members.filter(({ id }) => !named.some((person) => person.id === id));
  return [...raised, ...others.map((member) => personFrom(member, organisation.name))];
}

function personFrom({ id, name, email, role }: Member, organisation: string): Person {
  return { id, name, email, role: roleOfMember(role), organisation };
}

function raise(person: Person, members: readonly Member[], organisation: string): Person {
  const member = members.find(({ id }) => id === person.id);
  return member?.role === 'owner' && person.role !== 'owner' ? personFrom(member, organisation) : person;
}

/** Those whose names are on the package itself. */
export async function listNamed(db: Read, packageId: number): Promise<Person[]> {
  const rows = await peopleOnPackage.all(db, { packageId });
  return rows
    .sort((a, b) => a.added_at - b.added_at || a.id - b.id)
    .flatMap(({ id, name, email, role }) =>
      name === null ? [] : [{ id, name, email, role, organisation: undefined }],
    );
}

/** Without a join and an order, which for a row or two take SQLite ten times as long (measured). */
const peopleOnPackage = statement((db, { packageId }: Placeholders<{ packageId: number }>) =>
  db
    .selectFrom('owners')
    .select(['account_id as id', 'role', 'added_at'])
    .select((eb) => [
      eb.selectFrom('accounts').select('name').whereRef('id', '=', 'owners.account_id').as('name'),
      eb.selectFrom('accounts').select('email').whereRef('id', '=', 'owners.account_id').as('email'),
    ])
    .where('package_id', '=', packageId),
);
