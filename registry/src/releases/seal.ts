import { sql } from 'kysely';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import type { Sealed } from './ecosystem.ts';
import type { Entries, Entry } from './submission.ts';

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
  for (const { id: releaseId, version, ...texts } of await unsealed.all(transaction, { packageId: id })) {
    const entries = {
      entry: JSON.parse(texts.entry) as Entry,
      shortEntry: JSON.parse(texts.shortEntry) as Entry,
    };
    const { entry, shortEntry, signedBy } = sealed(sealing, { ecosystem, name, version }, entries);
    const [full, short] = [JSON.stringify(entry), JSON.stringify(shortEntry)];
    await putSealed.run(transaction, { releaseId, full, short, signedBy });
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

interface SealedTexts {
  releaseId: number;
  full: string;
  short: string;
  signedBy: string | null;
}

const putSealed = statement((db, { releaseId, full, short, signedBy }: Placeholders<SealedTexts>) =>
  db
    .updateTable('releases')
    .set({ entry: full, short_entry: short, signed_by: signedBy })
    .where('id', '=', releaseId),
);
