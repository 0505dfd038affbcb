import type { Database } from '../store/database.ts';
import type { ReleaseRow } from '../store/schema.ts';

export type Archive = Pick<ReleaseRow, 'sha256' | 'size'>;

/** The archive of a published version, for those who read, of the last commit. */
export async function recallArchive(
  { recall, read }: Database,
  packageId: number,
  version: string,
): Promise<Archive | undefined> {
  return await recall(`archive ${packageId} ${version}`, () =>
    read
      .selectFrom('releases')
      .select(['sha256', 'size'])
      .where('package_id', '=', packageId)
      .where('version', '=', version)
      .where('state', '=', 'published')
      .executeTakeFirst(),
  );
}
