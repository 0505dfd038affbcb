import { sql } from 'kysely';
import type { Read } from '../store/database.ts';

/** What a list of packages shows of one. */
export interface PackageSummary {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly publishedAt: number;
}

/** Bounds of one search: each word reads every package once. */
const mostWords = 5;
const longestWord = 50;
const mostResults = 50;

/** Public packages whose name, description or keywords hold every word. The exact name comes first, then by name. */
export async function searchPackages(db: Read, text: string): Promise<PackageSummary[]> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, mostWords);
  if (words.length === 0) return [];
  let query = latestReleases(db);
  for (const word of words) {
    const pattern = `%${escapeLike(word.slice(0, longestWord))}%`;
    query = query.where(({ or }) =>
      or(searched.map((member) => sql<boolean>`${member} like ${pattern} escape '\\'`)),
    );
  }
  const rows = await query
    .orderBy(sql`packages.name <> ${words[0]}`)
    .orderBy('packages.name')
    .limit(mostResults)
    .execute();
  return rows.map(summaryOf);
}

/** The public packages that were published last, one entry each. */
export async function newestReleases(db: Read, count: number): Promise<PackageSummary[]> {
  const rows = await latestReleases(db)
    .orderBy('releases.published_at', 'desc')
    .orderBy('releases.id', 'desc')
    .limit(count)
    .execute();
  return rows.map(summaryOf);
}

const description = sql<string | null>`json_extract(releases.entry, '$.description')`;
const keywords = sql<string | null>`json_extract(releases.entry, '$.keywords')`;
const searched = [sql`packages.name`, description, keywords];

/** Of each public package the version tagged latest. */
function latestReleases(db: Read) {
  return db
    .selectFrom('packages')
    .innerJoin('tags', 'tags.package_id', 'packages.id')
    .innerJoin('releases', (join) =>
      join.onRef('releases.package_id', '=', 'packages.id').onRef('releases.version', '=', 'tags.version'),
    )
    .select(['packages.name', 'releases.version', 'releases.published_at', description.as('description')])
    .where('tags.name', '=', 'latest')
    .where('packages.access', '=', 'public');
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly published_at: number;
  /** Whatever the manifest says. */
  readonly description: unknown;
}

function summaryOf({ name, version, published_at, description }: Row): PackageSummary {
  const told = typeof description === 'string' ? description.slice(0, 300) : undefined;
  return { name, version, publishedAt: published_at, description: told };
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
