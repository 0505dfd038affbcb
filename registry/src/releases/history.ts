import type { Read } from '../store/database.ts';

/** One version of a package, as its history tells it. */
export interface PastRelease {
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly publisher: string;
  /** What approved it; null where no factor was required. */
  readonly factor: string | null;
  readonly deprecated: string | null;
  readonly yanked: 0 | 1;
  readonly publishedAt: number;
}

/** The last versions of a package, the newest first. */
export async function listReleases(db: Read, packageId: number, count: number): Promise<PastRelease[]> {
  return await db
    .selectFrom('releases')
    .innerJoin('accounts', 'accounts.id', 'releases.publisher_id')
    .select([
      'releases.version',
      'releases.sha256',
      'releases.size',
      'accounts.name as publisher',
      'releases.factor',
      'releases.deprecated',
      'releases.yanked',
      'releases.published_at as publishedAt',
    ])
    .where('releases.package_id', '=', packageId)
    .where('releases.state', '=', 'published')
    .orderBy('releases.published_at', 'desc')
    .orderBy('releases.id', 'desc')
    .limit(count)
    .execute();
}

export interface LatestRelease {
  readonly version: string;
  /** What the ecosystem's index says of it; JSON. */
  readonly entry: string;
  readonly readme: string | null;
}

/** The version tagged latest. */
export async function findLatestRelease(db: Read, packageId: number): Promise<LatestRelease | undefined> {
  return await db
    .selectFrom('tags')
    .innerJoin('releases', (join) =>
      join
        .onRef('releases.package_id', '=', 'tags.package_id')
        .onRef('releases.version', '=', 'tags.version'),
    )
    .select(['releases.version', 'releases.entry', 'releases.readme'])
    .where('tags.package_id', '=', packageId)
    .where('tags.name', '=', 'latest')
    .executeTakeFirst();
}
