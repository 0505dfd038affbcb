import { getNamedAccount } from '../accounts/accounts.ts';
import type { Actor } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import { mailAccount, mailOwners } from '../mail/outbox.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { packageLabel } from './packages.ts';
import type { Role } from './permissions.ts';

/**
 * Nobody is made responsible for a package without having agreed, and no package gets an owner by a slip of
 * the keyboard: who is invited has to be there, and say yes.
 */

/** Seven days: long enough to be back from leave, short enough that somebody still remembers why. */
export const invitationLifetime = 7 * 24 * 60 * 60 * 1_000;

interface NewInvitation {
  readonly record: PackageRecord;
  readonly user: string;
  readonly role: Role;
  readonly by: Pick<Actor, 'accountId' | 'name'>;
  readonly now: number;
}

/** Invites; an earlier invitation of the same account is replaced. Part of a change of the package. */
export async function invite(transaction: Write, { record, user, role, by, now }: NewInvitation) {
  const account = await getNamedAccount(transaction, user);
  await refuseWithoutFactor(transaction, record, account);
  await withdrawInvitations(transaction, { record, accountId: account.id, now });
  const expires_at = now + invitationLifetime;
  await transaction
    .insertInto('invitations')
    .values({
      package_id: record.id,
      account_id: account.id,
      role,
      invited_by: by.accountId,
      created_at: now,
      expires_at,
    })
    .execute();
  const expires = new Date(expires_at).toISOString();
  const values = { package: packageLabel(record), user, role, by: by.name, expires };
  await mailAccount(transaction, now, account.id, { template: 'owner-invited', values });
  await mailOwners(transaction, now, record, { template: 'owner-invitation-sent', values });
  return [{ tag: 'owner:invited', details: { user, role } } as const];
}

/** Says how many there were. */
export async function withdrawInvitations(
  transaction: Write,
  {
    record,
    accountId,
    now,
  }: { readonly record: PackageRecord; readonly accountId: number; readonly now: number },
): Promise<number> {
  const result = await transaction
    .updateTable('invitations')
    .set({ answer: 'withdrawn', answered_at: now })
    .where('package_id', '=', record.id)
    .where('account_id', '=', accountId)
    .where('answered_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** What an account, or the owners of a package, are waiting for. */
export interface Invitation {
  readonly id: number;
  readonly package: string;
  readonly ecosystem: string;
  readonly user: string;
  readonly role: Role;
  readonly invitedBy: string;
  readonly expiresAt: number;
}

export async function listInvitations(
  db: Read,
  of: { readonly accountId: number } | { readonly packageId: number },
  now: number,
): Promise<Invitation[]> {
  const open = openInvitations(db, now).orderBy('invitations.id');
  return await ('accountId' in of
    ? open.where('invitations.account_id', '=', of.accountId)
    : open.where('invitations.package_id', '=', of.packageId)
  ).execute();
}

export function openInvitations(db: Read, now: number) {
  return db
    .selectFrom('invitations')
    .innerJoin('packages', 'packages.id', 'invitations.package_id')
    .innerJoin('accounts as invited', 'invited.id', 'invitations.account_id')
    .innerJoin('accounts as inviting', 'inviting.id', 'invitations.invited_by')
    .select([
      'invitations.id',
      'packages.name as package',
      'packages.ecosystem',
      'invited.name as user',
      'invitations.role',
      'inviting.name as invitedBy',
      'invitations.expires_at as expiresAt',
    ])
    .where('invitations.answered_at', 'is', null)
    .where('invitations.expires_at', '>', now);
}

/** Asked when somebody is invited and again when they accept: a factor can be lost in between. */
export async function refuseWithoutFactor(
  db: Read,
  record: PackageRecord,
  account: { readonly id: number; readonly name: string },
): Promise<void> {
  if (record.require_2fa === 0 || (await hasSecondFactor(db, account.id))) return;
  throw new Refusal(
    'owner_without_factor',
    `${record.name} requires a second factor of its owners, and ${account.name} has none`,
  );
}
