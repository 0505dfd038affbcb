import type { Soon } from '../at-once.ts';
import type { Database } from '../store/database.ts';
import type { Look } from '../store/recall.ts';
import type { ReleaseRow } from '../store/schema.ts';

export type Archive = Pick<ReleaseRow, 'sha256' | 'size'>;

/** The archive of a published version, for those who read, of the last commit. */
export function recallArchive(
  { read }: Database,
  look: Look,
  packageId: number,
  version: string,
): Soon<Archive | undefined> {
  return look.recall(`archive ${packageId} ${version}`, () =>
    read
      .selectFrom('releases')
      .select(['sha256', 'size'])
      .where('package_id', '=', packageId)
      .where('version', '=', version)
      .where('state', '=', 'published')
      .executeTakeFirst(),
  );
}
