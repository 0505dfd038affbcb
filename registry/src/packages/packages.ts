import type { Actor } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

/** A package by its ecosystem and name: `npm` and `@acme/tool`. */
export interface PackageId {
  readonly ecosystem: string;
  readonly name: string;
}

/** How the audit log calls a package. */
export function packageSubject({ ecosystem, name }: PackageId): string {
  return `${ecosystem}:${name}`;
}

export async function findPackage(
  db: Read,
  { ecosystem, name }: PackageId,
): Promise<PackageRecord | undefined> {
  return await db
    .selectFrom('packages')
    .selectAll()
    .where('ecosystem', '=', ecosystem)
    .where('name', '=', name)
    .executeTakeFirst();
}

export async function isOwner(db: Read, packageId: number, accountId: number): Promise<boolean> {
  const row = await db
    .selectFrom('owners')
    .select('account_id')
    .where('package_id', '=', packageId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row !== undefined;
}

export interface Owner {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
}

/** In the order they became owners. */
export async function listOwners(db: Read, packageId: number): Promise<Owner[]> {
  return await db
    .selectFrom('owners')
    .innerJoin('accounts', 'accounts.id', 'owners.account_id')
    .select(['accounts.id', 'accounts.name', 'accounts.email'])
    .where('owners.package_id', '=', packageId)
    .orderBy('owners.added_at')
    .orderBy('accounts.id')
    .execute();
}

/** A package somebody may read. A restricted one does not exist for anybody but its owners. */
export async function getReadablePackage(
  db: Read,
  id: PackageId,
  actor: Actor | undefined,
): Promise<PackageRecord> {
  const found = await findPackage(db, id);
  if (found === undefined) throw noSuchPackage(id);
  if (found.access === 'public') return found;
  if (actor !== undefined && (await isOwner(db, found.id, actor.accountId))) return found;
  throw noSuchPackage(id);
}

/** A package its owner is about to change. Throws `not_found`, `not_owner` and `factor_not_enrolled`. */
export async function getOwnedPackage(db: Read, id: PackageId, actor: Actor): Promise<PackageRecord> {
  const found = await getReadablePackage(db, id, actor);
  if (!(await isOwner(db, found.id, actor.accountId))) throw notOwner(id);
  await refuseWithoutRequiredFactor(db, found, actor);
  return found;
}

/**
 * An owner loses the factor when an operator resets it. Until there is another one, a package that requires
 * it cannot be changed by that owner in any way: else a token alone could take the requirement away.
 */
export async function refuseWithoutRequiredFactor(
  db: Read,
  record: PackageRecord,
  actor: Actor,
): Promise<void> {
  if (record.require_2fa === 0 || (await hasSecondFactor(db, actor.accountId))) return;
  throw new Refusal(
    'factor_not_enrolled',
    `${record.name} requires a second factor, and your account has none: enrol one first`,
  );
}

/** Marks a package as changed and renders its documents anew: the last step of every change. */
export async function finishChange(
  services: Pick<Services, 'renderers'>,
  transaction: Write,
  id: PackageId,
  now: number,
): Promise<void> {
  const changed = await transaction
    .updateTable('packages')
    .set((eb) => ({ revision: eb('revision', '+', 1), updated_at: now }))
    .where('ecosystem', '=', id.ecosystem)
    .where('name', '=', id.name)
    .returningAll()
    .executeTakeFirstOrThrow();
  const renderer = services.renderers[id.ecosystem];
  if (renderer === undefined) throw new Error(`no renderer for the ecosystem ${id.ecosystem}`);
  await renderer.render(transaction, changed);
}

export function noSuchPackage({ name }: PackageId): Refusal {
  return new Refusal('not_found', `there is no package ${name} here`);
}

export function notOwner({ name }: PackageId): Refusal {
  return new Refusal('not_owner', `you are not an owner of ${name}`);
}
