import { sql } from 'kysely';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import type { Entries, Sealed } from './ecosystem.ts';

type Sealing = Pick<Services, 'ecosystems' | 'signingKeys'>;

/** For a release that is public from its first row on. An ecosystem may have nothing to add. */
export function sealed(
  { ecosystems, signingKeys }: Sealing,
  {
    ecosystem,
    name,
    version,
  }: { readonly ecosystem: string; readonly name: string; readonly version: string },
  entries: Entries,
): Sealed {
  const seal = ecosystems[ecosystem]?.seal;
  if (seal === undefined) return { ...entries, signedBy: null };
  return seal({ ...entries, name, version }, signingKeys);
}

/** Seals every public release of a package that is not: of one that was approved, and of a time before there was a key. */
export async function sealReleases(
  sealing: Sealing,
  transaction: Write,
  { id, ecosystem, name }: PackageRecord,
): Promise<void> {
  if (sealing.ecosystems[ecosystem]?.seal === undefined) return;
  for (const { id: releaseId, version, ...entries } of await unsealed.all(transaction, { packageId: id })) {
    const release = { ecosystem, name, version };
    await putSealed.run(transaction, { releaseId, ...sealed(sealing, release, entries) });
  }
}

const unsealed = statement((db, { packageId }: Placeholders<{ packageId: number }>) =>
  db
    .selectFrom('releases')
    .select(['id', 'version', 'entry', 'short_entry as shortEntry'])
    .where('package_id', '=', packageId)
    .where('state', '=', sql.lit('published'))
    .where('signed_by', 'is', null),
);

const putSealed = statement(
  (db, { releaseId, entry, shortEntry, signedBy }: Placeholders<Sealed & { releaseId: number }>) =>
    db
      .updateTable('releases')
      .set({ entry, short_entry: shortEntry, signed_by: signedBy })
      .where('id', '=', releaseId),
);
