import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import { mailAccount } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { listPackagesIn } from './of-organisation.ts';
import { deleteNamed } from './owners.ts';
import { scopeOf } from './package-name.ts';
import { finishChange } from './packages.ts';
import { listNamed, listPeople } from './permissions.ts';
import { ownersOfReceiver, type Receiver, type Thing } from './transfer-sides.ts';

interface Move {
  readonly thing: Thing;
  readonly receiver: Receiver;
  readonly keep: readonly string[];
  readonly actor: string;
  readonly factor: string | null;
  readonly now: number;
}

/**
 * Moves. Named roles are ended first, so that nothing of the old side is left by an oversight: who stays is
 * named by the transfer. Roles through the old organisation end by themselves, being copied nowhere. Open
 * invitations die with the role of whoever wrote them.
 */
export async function completeTransfer(services: Services, transaction: Write, move: Move): Promise<void> {
  const { thing, receiver, keep, actor, factor, now } = move;
  const records =
    thing.kind === 'package' ? [thing.record] : await listPackagesIn(transaction, thing.scope.name);
  const before = new Set<number>(await ownersOfReceiver(transaction, receiver));
  for (const record of records) {
    for (const person of await listPeople(transaction, record)) before.add(person.id);
  }
  await moveThing(transaction, thing, receiver);
  for (const record of records) {
    await endNamedRoles(transaction, record, keep);
    if (receiver.kind === 'account') await nameOwner(transaction, record, receiver.id, now);
    await refuseWithoutFactor(transaction, record.id);
    await finishChange(services, transaction, record, now);
  }
  const details = { to: receiver.name, keep: keep.join(' '), factor };
  await recordEvent(transaction, now, { tag: 'transfer:done', actor, subject: thing.subject, details });
  const values = { thing: thing.text, receiver: receiver.name, by: actor };
  for (const id of before) await mailAccount(transaction, now, id, { template: 'transferred', values });
}

async function moveThing(transaction: Write, thing: Thing, { kind, id }: Receiver): Promise<void> {
  const holder =
    kind === 'account'
      ? { account_id: id, organisation_id: null }
      : { account_id: null, organisation_id: id };
  if (thing.kind === 'scope') {
    await transaction.updateTable('scopes').set(holder).where('name', '=', thing.scope.name).execute();
    return;
  }
  const scope = scopeOf(thing.record.name);
  if (scope !== undefined && (kind === 'organisation' || (await isHeldByOrganisation(transaction, scope)))) {
    throw new Refusal('conflict', `${thing.record.name} belongs where its scope does: move ${scope} instead`);
  }
  const { organisation_id } = holder;
  await transaction
    .updateTable('packages')
    .set({ organisation_id })
    .where('id', '=', thing.record.id)
    .execute();
}

async function isHeldByOrganisation(db: Read, scope: string): Promise<boolean> {
  const row = await db
    .selectFrom('scopes')
    .select('organisation_id')
    .where('name', '=', scope)
    .executeTakeFirst();
  return row !== undefined && row.organisation_id !== null;
}

async function endNamedRoles(
  transaction: Write,
  record: PackageRecord,
  keep: readonly string[],
): Promise<void> {
  const ending = (await listNamed(transaction, record.id)).filter(({ name }) => !keep.includes(name));
  for (const { id } of ending) await deleteNamed(transaction, record.id, id);
}

async function nameOwner(
  transaction: Write,
  { id }: PackageRecord,
  accountId: number,
  now: number,
): Promise<void> {
  await transaction
    .insertInto('owners')
    .values({ package_id: id, account_id: accountId, role: 'owner', added_at: now })
    .onConflict((conflict) => conflict.columns(['package_id', 'account_id']).doUpdateSet({ role: 'owner' }))
    .execute();
}

/** A package that requires a second factor never comes to somebody without one. */
async function refuseWithoutFactor(db: Read, packageId: number): Promise<void> {
  const record = await db
    .selectFrom('packages')
    .selectAll()
    .where('id', '=', packageId)
    .executeTakeFirstOrThrow();
  if (record.require_2fa === 0) return;
  for (const person of await listPeople(db, record)) {
    if (await hasSecondFactor(db, person.id)) continue;
    throw new Refusal(
      'owner_without_factor',
      `${record.name} requires a second factor of its owners, and ${person.name} has none`,
    );
  }
}
