import { getNamedAccount } from '../accounts/accounts.ts';
import type { Requester } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import { mailAccount, mailOwners } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { changePackage } from './change-package.ts';
import { invite, withdrawInvitations } from './invitations.ts';
import { findPackage, listOwners, type PackageId, packageLabel } from './packages.ts';
import { listNamed, listPeople, type Person, type Role } from './permissions.ts';

/**
 * Who is named on a package. Somebody new is invited and has a role once they accept; whoever has one already
 * gets another at once. A package always has an owner, named on it or through its organisation.
 */

/** `role` for an account: an invitation for somebody new, a change of role for somebody who has one. */
export async function addOwner(
  services: Services,
  requester: Requester,
  id: PackageId,
  { user, role }: { readonly user: string; readonly role: Role },
): Promise<{ readonly invited: boolean }> {
  const { invited } = await addOwners(services, requester, id, { users: [user], role });
  return { invited: invited.length > 0 };
}

/** The same for several accounts, as one act: all of them or none. Says who is invited. */
export async function addOwners(
  services: Services,
  requester: Requester,
  id: PackageId,
  { users, role }: { readonly users: readonly string[]; readonly role: Role },
): Promise<{ readonly invited: readonly string[] }> {
  let invited: string[] = [];
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `adding ${role === 'owner' ? 'an owner' : 'a maintainer'} to ${id.name} needs it`,
    act: { action: 'owner:add', details: { user: users.join(' '), role } },
    async apply(transaction, record, now) {
      const named = await listNamed(transaction, record.id);
      const by = requester.actor;
      const events = [];
      invited = users.filter((user) => !named.some(({ name }) => name === user));
      for (const user of invited)
        events.push(...(await invite(transaction, { record, user, role, by, now })));
      for (const person of named.filter(({ name }) => users.includes(name))) {
        events.push(...(await changeRole(transaction, { record, person, role, by: by.name, now })));
      }
      return events;
    },
  });
  return { invited };
}

/** Ends the role of an account, or its invitation. Everybody may end their own, except the last owner. */
export async function removeOwner(
  services: Services,
  requester: Requester,
  id: PackageId,
  user: string,
): Promise<void> {
  await removeOwners(services, requester, id, [user]);
}

/** The same for several accounts, as one act: all of them or none. */
export async function removeOwners(
  services: Services,
  requester: Requester,
  id: PackageId,
  users: readonly string[],
): Promise<void> {
  const leaving = users.every((user) => user === requester.actor.name);
  await changePackage(services, requester, id, {
    kind: 'governance',
    ...(leaving && { role: 'maintainer' }),
    why: `removing an owner of ${id.name} needs it`,
    act: { action: 'owner:remove', details: { user: users.join(' ') } },
    apply: async (transaction, record, now) => {
      const events = [];
      for (const user of users) {
        events.push(...(await deletePerson(transaction, { record, user, by: requester.actor.name, now })));
      }
      await refuseOwnerless(transaction, record);
      return events;
    },
  });
}

/**
 * Makes those named on the package exactly `users`, as npm asks for it: it read the list at `revision` and
 * sends it back changed. A list read before somebody else's change is refused, so that neither change is lost.
 * Whoever is new on the list is invited, as an owner: npm knows no other role. Says who that is.
 */
export async function replaceOwners(
  services: Services,
  requester: Requester,
  id: PackageId,
  wanted: { readonly revision: number; readonly users: readonly string[] },
): Promise<readonly string[]> {
  let invited: readonly string[] = [];
  const { actor } = requester;
  const leaves = await isLeaving(services.database.read, requester, id, wanted.users);
  await changePackage(services, requester, id, {
    kind: 'governance',
    ...(leaves && { role: 'maintainer' }),
    why: `changing the owners of ${id.name} needs it`,
    act: { action: 'owner:set', details: { users: [...wanted.users].sort().join(' ') } },
    async apply(transaction, record, now) {
      if (record.revision !== wanted.revision) throw changedMeanwhile(record);
      const people = (await listPeople(transaction, record)).map(({ name }) => name);
      const events = [];
      invited = wanted.users.filter((name) => !people.includes(name));
      const removed = people.filter((name) => !wanted.users.includes(name));
      if (leaves && (invited.length > 0 || removed.join() !== actor.name)) throw changedMeanwhile(record);
      for (const user of invited) {
        events.push(...(await invite(transaction, { record, user, role: 'owner', by: actor, now })));
      }
      for (const user of removed) {
        events.push(...(await deletePerson(transaction, { record, user, by: actor.name, now })));
      }
      await refuseOwnerless(transaction, record);
      return events;
    },
  });
  return invited;
}

/** Whether the one difference is that whoever asks is no longer there, which everybody may do. */
async function isLeaving(
  db: Read,
  { actor }: Requester,
  id: PackageId,
  users: readonly string[],
): Promise<boolean> {
  const record = await findPackage(db, id);
  const people = record ? (await listPeople(db, record)).map(({ name }) => name) : [];
  const left = people.filter((name) => name !== actor.name);
  return left.length < people.length && [...left].sort().join(' ') === [...users].sort().join(' ');
}

function changedMeanwhile({ name }: PackageRecord): Refusal {
  return new Refusal('conflict', `${name} was changed meanwhile: repeat the command`);
}

interface RoleChange {
  readonly record: PackageRecord;
  readonly person: Person;
  readonly role: Role;
  readonly by: string;
  readonly now: number;
}

async function changeRole(transaction: Write, { record, person, role, by, now }: RoleChange) {
  if (person.role === role) return [];
  await transaction
    .updateTable('owners')
    .set({ role })
    .where('package_id', '=', record.id)
    .where('account_id', '=', person.id)
    .execute();
  await refuseOwnerless(transaction, record);
  const values = { package: packageLabel(record), user: person.name, role, by };
  await mailOwners(transaction, now, record, { template: 'owner-role-changed', values });
  if (role !== 'owner') {
    await mailAccount(transaction, now, person.id, { template: 'owner-role-changed', values });
  }
  return [{ tag: 'owner:role-changed', details: { user: person.name, role } } as const];
}

interface Removal {
  readonly record: PackageRecord;
  readonly user: string;
  readonly by: string;
  readonly now: number;
}

async function deletePerson(transaction: Write, { record, user, by, now }: Removal) {
  const person = (await listPeople(transaction, record)).find(({ name }) => name === user);
  const named = (await listNamed(transaction, record.id)).find(({ name }) => name === user);
  if (named === undefined && person?.organisation !== undefined) {
    throw new Refusal('conflict', `${user} is here as a member of ${person.organisation}: remove them there`);
  }
  if (named === undefined) return await withdraw(transaction, { record, user, by, now });
  const values = { package: packageLabel(record), user, role: named.role, by };
  await mailOwners(transaction, now, record, { template: 'owner-removed', values });
  if (named.role !== 'owner') {
    await mailAccount(transaction, now, named.id, { template: 'owner-removed', values });
  }
  await deleteNamed(transaction, record.id, named.id);
  return [{ tag: 'owner:removed', details: { user, role: named.role } } as const];
}

async function withdraw(transaction: Write, { record, user, now }: Removal) {
  const account = await getNamedAccount(transaction, user);
  const withdrawn = await withdrawInvitations(transaction, { record, accountId: account.id, now });
  if (withdrawn === 0) throw new Refusal('not_found', `${user} is not an owner of ${record.name}`);
  return [{ tag: 'owner:invitation-withdrawn', details: { user } } as const];
}

export async function deleteNamed(transaction: Write, packageId: number, accountId: number): Promise<void> {
  await transaction
    .deleteFrom('owners')
    .where('package_id', '=', packageId)
    .where('account_id', '=', accountId)
    .execute();
}

/** After a change, in its transaction: a package that nobody owns could be changed by nobody again. */
async function refuseOwnerless(transaction: Write, record: PackageRecord): Promise<void> {
  if ((await listOwners(transaction, record)).length > 0) return;
  throw new Refusal('conflict', `${record.name} would have no owner left: add another one first`);
}
