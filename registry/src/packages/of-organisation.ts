import { sql } from 'kysely';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { finishChange } from './packages.ts';

/** Every package that belongs to an organisation: through its scopes, or moved to it. By name. */
export async function listPackagesOf(db: Read, organisationId: number): Promise<PackageRecord[]> {
  const scopes = await db
    .selectFrom('scopes')
    .select('name')
    .where('organisation_id', '=', organisationId)
    .execute();
  const found = await db
    .selectFrom('packages')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .execute();
  for (const { name } of scopes) found.push(...(await listPackagesIn(db, name)));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function listPackagesIn(db: Read, scope: string): Promise<PackageRecord[]> {
  const prefix = `${scope}/`;
  // Not `like`: "_" is a letter of scopes, and a wildcard there.
  return await db
    .selectFrom('packages')
    .selectAll()
    .where(sql`substr(name, 1, ${prefix.length})`, '=', prefix)
    .orderBy('name')
    .execute();
}

/** In the transaction that changed who belongs to the organisation. */
export async function renderPackagesOf(
  services: Services,
  transaction: Write,
  organisationId: number,
  now: number,
): Promise<void> {
  for (const record of await listPackagesOf(transaction, organisationId)) {
    await finishChange(services, transaction, record, now);
  }
}
