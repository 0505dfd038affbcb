import { listMemberships } from '../organisations/organisations.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { listPackagesOf } from './of-organisation.ts';

/** Every package an account has a role in: by name on it, or through an organisation. */
export async function listPackagesOfAccount(db: Read, accountId: number): Promise<PackageRecord[]> {
  const found = await db
    .selectFrom('packages')
    .innerJoin('owners', 'owners.package_id', 'packages.id')
    .selectAll('packages')
    .where('owners.account_id', '=', accountId)
    .orderBy('packages.name')
    .execute();
  for (const { id } of await listMemberships(db, accountId)) found.push(...(await listPackagesOf(db, id)));
  return [...new Map(found.map((record) => [record.id, record])).values()];
}
