import { findAccount } from '../accounts/accounts.ts';
import type { Requester } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { changePackage } from './change-package.ts';
import { listOwners, type PackageId } from './packages.ts';

export async function addOwner(
  services: Services,
  requester: Requester,
  id: PackageId,
  user: string,
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `adding an owner to ${id.name} needs it`,
    act: { action: 'owner:add', details: { user } },
    apply: async (transaction, record, now) => await insertOwner(transaction, record, user, now),
  });
}

export async function removeOwner(
  services: Services,
  requester: Requester,
  id: PackageId,
  user: string,
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `removing an owner of ${id.name} needs it`,
    act: { action: 'owner:remove', details: { user } },
    apply: async (transaction, record) => await deleteOwner(transaction, record, user),
  });
}

/**
 * Makes the owners exactly `users`, as npm asks for it: it read the list at `revision` and sends it back
 * changed. A list read before somebody else's change is refused, so that neither change is lost.
 */
export async function replaceOwners(
  services: Services,
  requester: Requester,
  id: PackageId,
  wanted: { readonly revision: number; readonly users: readonly string[] },
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `changing the owners of ${id.name} needs it`,
    act: { action: 'owner:set', details: { users: [...wanted.users].sort().join(' ') } },
    async apply(transaction, record, now) {
      if (record.revision !== wanted.revision) {
        throw new Refusal('conflict', `${id.name} was changed meanwhile: repeat the command`);
      }
      const owners = (await listOwners(transaction, record.id)).map((owner) => owner.name);
      const events = [];
      for (const user of wanted.users.filter((name) => !owners.includes(name))) {
        events.push(...(await insertOwner(transaction, record, user, now)));
      }
      for (const user of owners.filter((name) => !wanted.users.includes(name))) {
        events.push(...(await deleteOwner(transaction, record, user)));
      }
      return events;
    },
  });
}

async function insertOwner(transaction: Write, record: PackageRecord, user: string, now: number) {
  const account = await getUser(transaction, user);
  if (record.require_2fa === 1 && !(await hasSecondFactor(transaction, account.id))) {
    throw new Refusal(
      'owner_without_factor',
      `${record.name} requires a second factor of its owners, and ${user} has none`,
    );
  }
  const result = await transaction
    .insertInto('owners')
    .values({ package_id: record.id, account_id: account.id, added_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n ? [{ tag: 'owner:added', details: { user } } as const] : [];
}

async function deleteOwner(transaction: Write, record: PackageRecord, user: string) {
  const owners = await listOwners(transaction, record.id);
  const owner = owners.find(({ name }) => name === user);
  if (owner === undefined) throw new Refusal('not_found', `${user} is not an owner of ${record.name}`);
  if (owners.length === 1) {
    throw new Refusal('conflict', `${user} is the last owner of ${record.name}: add another one first`);
  }
  await transaction
    .deleteFrom('owners')
    .where('package_id', '=', record.id)
    .where('account_id', '=', owner.id)
    .execute();
  return [{ tag: 'owner:removed', details: { user } } as const];
}

async function getUser(db: Read, name: string) {
  const account = await findAccount(db, name);
  if (account === undefined) throw new Refusal('not_found', 'there is no user of that name here');
  return account;
}
