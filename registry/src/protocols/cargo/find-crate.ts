import { type RawBuilder, sql } from 'kysely';
import type { Soon } from '../../at-once.ts';
import { Refusal } from '../../errors.ts';
import { type PackageId, type SeenPackage, seePackage } from '../../packages/packages.ts';
import type { Database, Read } from '../../store/database.ts';
import type { Look } from '../../store/recall.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { canonicalName } from './crate-name.ts';
import { withoutBuild } from './crate-version.ts';

/** Crates by names that people and cargo spell in more than one way. */

/** As in the index of migration 0008, word for word, so that it is used. */
const canonical: RawBuilder<string> = sql`replace(lower(packages.name), '-', '_')`;
const isCrate: RawBuilder<boolean> = sql`packages.ecosystem = 'cargo'`;

/** The crate of that name, however its letters and dashes are written. */
export async function findCrate(db: Read, name: string): Promise<PackageRecord | undefined> {
  return await db
    .selectFrom('packages')
    .selectAll('packages')
    .where(isCrate)
    .where(canonical, '=', canonicalName(name))
    .executeTakeFirst();
}

/** The same for those who only read. */
export function recallCrate({ read }: Database, look: Look, name: string): Soon<SeenPackage | undefined> {
  return look.recall(`crate ${canonicalName(name)}`, async () =>
    seePackage(read, await findCrate(read, name)),
  );
}

/**
 * Refuses a name or a version that cargo takes for one that is there. Asked again in the transaction that takes it.
 * Throws `bad_request` and `version_exists`.
 */
export async function refuseClash(
  db: Read,
  { name, version }: Pick<PackageId, 'name'> & { readonly version: string },
): Promise<void> {
  const found = await findCrate(db, name);
  if (found === undefined) return;
  if (found.name !== name)
    throw new Refusal('bad_request', `there is a crate ${found.name}: ${name} would be taken for it`);
  const versions = await db
    .selectFrom('releases')
    .select('version')
    .where('package_id', '=', found.id)
    .execute();
  const like = versions.find((one) => withoutBuild(one.version) === withoutBuild(version));
  if (like === undefined || like.version === version) return;
  throw new Refusal(
    'version_exists',
    `there is a version ${like.version} of ${name}, and ${version} differs from it in its build metadata only`,
  );
}
