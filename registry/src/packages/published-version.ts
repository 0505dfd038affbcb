import { Refusal } from '../errors.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

/** The row of a version that everybody sees. Throws `not_found` for one that waits, was taken back or never was. */
export async function getPublishedVersion(db: Read, { id, name }: PackageRecord, version: string) {
  const release = await db
    .selectFrom('releases')
    .select(['id', 'yanked'])
    .where('package_id', '=', id)
    .where('version', '=', version)
    .where('state', '=', 'published')
    .executeTakeFirst();
  if (release === undefined) throw new Refusal('not_found', `there is no version ${version} of ${name}`);
  return release;
}
