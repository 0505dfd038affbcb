import type { Selectable } from 'kysely';
import { Refusal } from '../errors.ts';
import type { Read } from '../store/database.ts';
import type { MemberRow, OrganisationRow } from '../store/schema-people.ts';

export type Organisation = Selectable<OrganisationRow>;
export type MemberRole = MemberRow['role'];

/** How the audit log calls an organisation. */
export function organisationSubject(name: string): string {
  return `org:${name}`;
}

export async function findOrganisation(db: Read, name: string): Promise<Organisation | undefined> {
  return await db.selectFrom('organisations').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function getOrganisation(db: Read, id: number): Promise<Organisation> {
  return await db.selectFrom('organisations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

export async function memberRole(
  db: Read,
  organisationId: number,
  accountId: number,
): Promise<MemberRole | undefined> {
  const row = await db
    .selectFrom('members')
    .select('role')
    .where('organisation_id', '=', organisationId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row?.role;
}

export interface Member {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly role: MemberRole;
}

/** In the order they became members. */
export async function listMembers(db: Read, organisationId: number): Promise<Member[]> {
  return await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'accounts.name', 'accounts.email', 'members.role'])
    .where('members.organisation_id', '=', organisationId)
    .orderBy('members.added_at')
    .orderBy('accounts.id')
    .execute();
}

/** An organisation as its members see it. For anybody else it is not there. */
export async function getMembership(
  db: Read,
  name: string,
  accountId: number,
): Promise<{ readonly organisation: Organisation; readonly role: MemberRole }> {
  const organisation = await findOrganisation(db, name);
  const role = organisation && (await memberRole(db, organisation.id, accountId));
  if (organisation !== undefined && role !== undefined) return { organisation, role };
  throw new Refusal('not_found', `there is no organisation ${name} that you are a member of`);
}

export type Membership = Pick<Organisation, 'id' | 'name' | 'require_2fa'> & { readonly role: MemberRole };

/** The organisations of an account, by name. */
export async function listMemberships(db: Read, accountId: number): Promise<Membership[]> {
  return await db
    .selectFrom('members')
    .innerJoin('organisations', 'organisations.id', 'members.organisation_id')
    .select(['organisations.id', 'organisations.name', 'members.role', 'organisations.require_2fa'])
    .where('members.account_id', '=', accountId)
    .orderBy('organisations.name')
    .execute();
}
