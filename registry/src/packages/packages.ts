import { sql } from 'kysely';
import type { Actor } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import type { Soon } from '../at-once.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Database, Read, Write } from '../store/database.ts';
import type { Look } from '../store/recall.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { listPeople, organisationOf, type Person, permissionOf, permits, type Role } from './permissions.ts';

/** A package by its ecosystem and name: `npm` and `@acme/tool`. */
export interface PackageId {
  readonly ecosystem: string;
  readonly name: string;
}

/** How the audit log calls a package. */
export function packageSubject({ ecosystem, name }: PackageId): string {
  return `${ecosystem}:${name}`;
}

/** How mail calls it: npm's packages by their names, all others with their ecosystem before it. */
export function packageLabel({ ecosystem, name }: PackageId): string {
  return ecosystem === 'npm' ? name : `${ecosystem}:${name}`;
}

const packageNamed = statement((db, { ecosystem, name }: Placeholders<PackageId>) =>
  db.selectFrom('packages').selectAll().where('ecosystem', '=', ecosystem).where('name', '=', name),
);

export async function findPackage(db: Read, id: PackageId): Promise<PackageRecord | undefined> {
  return await packageNamed.first(db, id);
}

/** Everybody who may do everything with a package, whether named on it or through its organisation. */
export async function listOwners(db: Read, record: PackageRecord): Promise<Person[]> {
  return (await listPeople(db, record)).filter(({ role }) => role === 'owner');
}

const packageById = statement((db, { packageId }: Placeholders<{ packageId: number }>) =>
  db.selectFrom('packages').selectAll().where('id', '=', packageId),
);

export async function getPackage(db: Read, packageId: number): Promise<PackageRecord> {
  return await packageById.get(db, { packageId });
}

/** A package as those see it who only read. */
export interface SeenPackage {
  readonly record: PackageRecord;
  /** Whether everybody may read it. */
  readonly open: boolean;
}

/** As of the look, or remembered from one at which nothing had changed since. */
export function recallPackage({ read }: Database, look: Look, id: PackageId): Soon<SeenPackage | undefined> {
  return look.recall(`package ${packageSubject(id)}`, async () =>
    seePackage(read, await findPackage(read, id)),
  );
}

export async function seePackage(
  db: Read,
  record: PackageRecord | undefined,
): Promise<SeenPackage | undefined> {
  return record && { record, open: await isPublic(db, record) };
}

/** True for what everybody may read: not restricted, and with a release that is more than staged. */
export async function isPublic(db: Read, record: PackageRecord): Promise<boolean> {
  if (record.access !== 'public') return false;
  return (await anyPublished.first(db, { packageId: record.id })) !== undefined;
}

const anyPublished = statement((db, { packageId }: Placeholders<{ packageId: number }>) =>
  db
    .selectFrom('releases')
    .select('id')
    .where('package_id', '=', packageId)
    .where('state', '=', sql.lit('published'))
    .limit(sql.lit(1)),
);

/** A package somebody may read. One that is not public does not exist for anybody without a role in it. */
export async function getReadablePackage(
  db: Read,
  id: PackageId,
  actor: Actor | undefined,
): Promise<PackageRecord> {
  return await requireReadable(db, id, await findPackage(db, id), actor);
}

/** What was found, if the actor may read it. Throws `not_found` as if it were not there. */
export async function requireReadable(
  db: Read,
  id: PackageId,
  found: PackageRecord | undefined,
  actor: Actor | undefined,
): Promise<PackageRecord> {
  if (found === undefined) throw noSuchPackage(id);
  if (await isPublic(db, found)) return found;
  if (actor !== undefined && (await permissionOf(db, actor, found)) !== undefined) return found;
  throw noSuchPackage(id);
}

/** A package somebody is about to change. Throws `not_found`, `not_owner` and `factor_not_enrolled`. */
export async function getPermittedPackage(
  db: Read,
  id: PackageId,
  actor: Actor,
  needed: Role,
): Promise<PackageRecord> {
  const found = await getReadablePackage(db, id, actor);
  await requirePermission(db, found, actor, needed);
  return found;
}

/** Throws `not_owner` and `factor_not_enrolled` unless the account may do what `needed` allows. */
export async function requirePermission(
  db: Read,
  record: PackageRecord,
  actor: Actor,
  needed: Role,
): Promise<void> {
  const role = await permissionOf(db, actor, record);
  if (!permits(role, needed)) throw role === undefined ? notOwner(record) : onlyMaintainer(record);
  await refuseWithoutRequiredFactor(db, record, actor);
}

/**
 * An owner loses the factor when an operator resets it. Until there is another one, a package that requires
 * it cannot be changed by that owner in any way: else a token alone could take the requirement away.
 */
async function refuseWithoutRequiredFactor(db: Read, record: PackageRecord, actor: Actor): Promise<void> {
  if (await hasSecondFactor(db, actor.accountId)) return;
  const organisation = await organisationOf(db, record);
  const requiredBy =
    record.require_2fa === 1
      ? record.name
      : organisation?.require_2fa === 1 && `the organisation ${organisation.name}`;
  if (!requiredBy) return;
  throw new Refusal(
    'factor_not_enrolled',
    `${requiredBy} requires a second factor, and your account has none: enrol one first`,
  );
}

const markChanged = statement((db, { ecosystem, name, now }: Placeholders<PackageId & { now: number }>) =>
  db
    .updateTable('packages')
    .set((eb) => ({ revision: eb('revision', '+', sql.lit(1)), updated_at: now }))
    .where('ecosystem', '=', ecosystem)
    .where('name', '=', name)
    .returningAll(),
);

/**
 * Marks a package as changed: the last step of everything that shows in its documents. Readers compare the
 * revision, and render what they have not got.
 */
export async function finishChange(
  { ecosystems }: Pick<Services, 'ecosystems'>,
  transaction: Write,
  id: PackageId,
  now: number,
): Promise<void> {
  const changed = await markChanged.get(transaction, { ...id, now });
  const ecosystem = ecosystems[id.ecosystem];
  if (ecosystem === undefined) throw new Error(`the ecosystem ${id.ecosystem} is not known`);
  await ecosystem.renderer.afterChange?.(transaction, changed);
}

export function noSuchPackage({ name }: PackageId): Refusal {
  return new Refusal('not_found', `there is no package ${name} here`);
}

function notOwner({ name }: Pick<PackageId, 'name'>): Refusal {
  return new Refusal('not_owner', `you are not an owner of ${name}`);
}

function onlyMaintainer({ name }: Pick<PackageId, 'name'>): Refusal {
  return new Refusal('not_owner', `you are a maintainer of ${name}, and this takes an owner`);
}
