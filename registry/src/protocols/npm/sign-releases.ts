import type { SigningKeys } from '../../releases/signing-keys.ts';
import type { Write } from '../../store/database.ts';
import type { PackageRecord } from '../../store/schema.ts';
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
  const unsigned = await transaction
    .selectFrom('releases')
    .select(['id', 'version', 'entry', 'short_entry'])
    .where('package_id', '=', id)
    .where('state', '=', 'published')
    .where('signed_by', 'is', null)
    .execute();
  for (const { id: releaseId, version, entry, short_entry } of unsigned) {
    const { dist } = JSON.parse(entry) as Entry;
    const signature = keys.sign(`${name}@${version}:${dist.integrity}`);
    const signed = (text: string) => withSignatures(text, [{ ...signature }]);
    await transaction
      .updateTable('releases')
      .set({ entry: signed(entry), short_entry: signed(short_entry), signed_by: signature.keyid })
      .where('id', '=', releaseId)
      .execute();
  }
}

type Entry = JsonObject & { readonly dist: JsonObject & { readonly integrity: string } };

function withSignatures(text: string, signatures: JsonObject[]): string {
  const entry = JSON.parse(text) as Entry;
  return JSON.stringify({ ...entry, dist: { ...entry.dist, signatures } });
}
