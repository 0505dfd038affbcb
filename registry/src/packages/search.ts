import { sql } from 'kysely';
import type { Read } from '../store/database.ts';
import { parseSearchQuery, type SearchQuery } from './search-query.ts';

/** What a list of packages shows of one. */
export interface PackageSummary {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly publishedAt: number;
}

/** With what a protocol says of it too. */
export interface FoundPackage extends PackageSummary {
  readonly packageId: number;
  readonly keywords: readonly string[];
  readonly license: string | undefined;
  readonly links: Readonly<Partial<Record<'homepage' | 'repository' | 'bugs', string>>>;
  readonly publisher: string;
}

export interface Search {
  readonly text: string;
  /** How many of the results are passed over. */
  readonly from: number;
  readonly size: number;
  readonly ecosystem?: string;
}

export interface SearchResult {
  readonly found: FoundPackage[];
  /** How many there are, on all pages. */
  readonly total: number;
}

/** Public packages that fit every part of the query. The exact name comes first, then by name. */
export async function searchPackages(
  db: Read,
  { text, from, size, ecosystem }: Search,
): Promise<SearchResult> {
  const query = parseSearchQuery(text);
  let fitting = narrow(latestReleases(db), query);
  if (ecosystem !== undefined) fitting = fitting.where('packages.ecosystem', '=', ecosystem);
  const { total } = await fitting
    .clearSelect()
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await fitting
    .innerJoin('accounts', 'accounts.id', 'releases.publisher_id')
    .select(['packages.id as packageId', 'accounts.name as publisher'])
    .select(['summaries.keywords', 'summaries.license', 'summaries.links'])
    .orderBy(sql`packages.name <> ${query.words[0] ?? ''}`)
    .orderBy('packages.name')
    .limit(size)
    .offset(from)
    .execute();
  return {
    found: rows.map((row) => ({
      ...summaryOf(row),
      packageId: row.packageId,
      keywords: JSON.parse(row.keywords) as string[],
      license: row.license ?? undefined,
      links: JSON.parse(row.links) as FoundPackage['links'],
      publisher: row.publisher,
    })),
    total,
  };
}

function narrow(
  query: ReturnType<typeof latestReleases>,
  { words, keywords, scope, maintainer }: SearchQuery,
) {
  let narrowed = query;
  for (const word of words) {
    const pattern = `%${escapeLike(word)}%`;
    narrowed = narrowed.where(({ or }) =>
      or(searched.map((member) => sql<boolean>`${member} like ${pattern} escape '\\'`)),
    );
  }
  for (const list of keywords) narrowed = narrowed.where(hasKeyword(list));
  if (scope !== undefined) {
    narrowed = narrowed.where(sql<boolean>`packages.name like ${`${escapeLike(scope)}/%`} escape '\\'`);
  }
  if (maintainer !== undefined) narrowed = narrowed.where(isNamed(maintainer));
  return narrowed;
}

function hasKeyword(list: readonly string[]) {
  return sql<boolean>`exists (select 1 from json_each(summaries.keywords)
    where lower(json_each.value) in (${sql.join(list)}))`;
}

function isNamed(account: string) {
  return sql<boolean>`exists (select 1 from owners inner join accounts a on a.id = owners.account_id
    where owners.package_id = packages.id and a.name = ${account})`;
}

/** The public packages that were published last, one entry each. */
export async function newestReleases(
  db: Read,
  { count, ecosystem }: { readonly count: number; readonly ecosystem?: string },
): Promise<PackageSummary[]> {
  const all = latestReleases(db);
  const rows = await (ecosystem === undefined ? all : all.where('packages.ecosystem', '=', ecosystem))
    .orderBy('releases.published_at', 'desc')
    .orderBy('releases.id', 'desc')
    .limit(count)
    .execute();
  return rows.map(summaryOf);
}

const searched = ['packages.name', 'summaries.description', 'summaries.keywords'].map((name) =>
  sql.ref(name),
);

/** Of each public package the version tagged latest. */
function latestReleases(db: Read) {
  return db
    .selectFrom('packages')
    .innerJoin('tags', 'tags.package_id', 'packages.id')
    .innerJoin('releases', (join) =>
      join.onRef('releases.package_id', '=', 'packages.id').onRef('releases.version', '=', 'tags.version'),
    )
    .innerJoin('release_summaries as summaries', 'summaries.release_id', 'releases.id')
    .select(['packages.ecosystem', 'packages.name', 'releases.version', 'releases.published_at'])
    .select('summaries.description')
    .where('tags.name', '=', 'latest')
    .where('releases.state', '=', 'published')
    .where('packages.access', '=', 'public');
}

interface Row {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly published_at: number;
  readonly description: string | null;
}

function summaryOf({ ecosystem, name, version, published_at, description }: Row): PackageSummary {
  return { ecosystem, name, version, publishedAt: published_at, description: description ?? undefined };
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
