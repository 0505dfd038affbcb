import { sql } from 'kysely';
import type { SigningKeys } from '../../releases/signing-keys.ts';
import type { Write } from '../../store/database.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { type Placeholders, statement } from '../../store/statement.ts';
import type { JsonObject } from '../../strict-json.ts';

/**
 * Puts the registry's signature on every published version that has none: on those of this transaction, and on
 * those of a time before there was a key. Signed is what npm's clients verify, `<name>@<version>:<integrity>`:
 * that this registry published these bytes as that version. Nothing that waits for approval is signed.
 */
export async function signReleases(
  transaction: Write,
  { id, name }: PackageRecord,
  keys: SigningKeys,
): Promise<void> {
  const unsigned = await unsignedOf.all(transaction, { packageId: id });
  for (const { id: releaseId, version, entry, short_entry } of unsigned) {
    const { dist } = JSON.parse(entry) as Entry;
    const signature = keys.sign(`${name}@${version}:${dist.integrity}`);
    const signed = (text: string) => withSignatures(text, [{ ...signature }]);
    await putSigned.run(transaction, {
      releaseId,
      entry: signed(entry),
      shortEntry: signed(short_entry),
      signedBy: signature.keyid,
    });
  }
}

const unsignedOf = statement((db, { packageId }: Placeholders<{ packageId: number }>) =>
  db
    .selectFrom('releases')
    .select(['id', 'version', 'entry', 'short_entry'])
    .where('package_id', '=', packageId)
    .where('state', '=', sql.lit('published'))
    .where('signed_by', 'is', null),
);

interface Signed {
  readonly releaseId: number;
  readonly entry: string;
  readonly shortEntry: string;
  readonly signedBy: string;
}

const putSigned = statement((db, { releaseId, entry, shortEntry, signedBy }: Placeholders<Signed>) =>
  db
    .updateTable('releases')
    .set({ entry, short_entry: shortEntry, signed_by: signedBy })
    .where('id', '=', releaseId),
);

type Entry = JsonObject & { readonly dist: JsonObject & { readonly integrity: string } };

function withSignatures(text: string, signatures: JsonObject[]): string {
  const entry = JSON.parse(text) as Entry;
  return JSON.stringify({ ...entry, dist: { ...entry.dist, signatures } });
}
