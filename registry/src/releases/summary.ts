import type { Write } from '../store/database.ts';
import type { ReleaseSummaryRow } from '../store/schema.ts';
import { columns, type Placeholders, statement } from '../store/statement.ts';
import type { Entry } from './submission.ts';

/**
 * What a search tells of a release. A manifest may be as long as an index entry may be; a list of hundreds of packages
 * is told to anybody. Bounds in characters.
 */
const longestDescription = 300;
const [mostKeywords, longestKeyword] = [50, 100];
const longestLicense = 100;
const longestLink = 500;

/** Keeps the summary of a release, in the transaction that made its row. */
export async function keepSummary(transaction: Write, releaseId: number, entry: Entry): Promise<void> {
  const { description, keywords, license, homepage, repository, bugs } = entry;
  await insertSummary.run(transaction, {
    release_id: releaseId,
    description: textIn(description)?.slice(0, longestDescription) ?? null,
    keywords: JSON.stringify(keywordsIn(keywords)),
    license: textIn(license)?.slice(0, longestLicense) ?? null,
    // What is not there is left out.
    links: JSON.stringify({
      homepage: linkIn(homepage),
      repository: linkIn(repository),
      bugs: linkIn(bugs),
    }),
  });
}

const insertSummary = statement((db, row: Placeholders<ReleaseSummaryRow>) =>
  db
    .insertInto('release_summaries')
    .values(columns(row, ['release_id', 'description', 'keywords', 'license', 'links'])),
);

function keywordsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const words = value.filter((word): word is string => typeof word === 'string');
  return words.slice(0, mostKeywords).map((word) => word.slice(0, longestKeyword));
}

/** Written as an address, or as an object with one. Half an address is none. */
function linkIn(value: unknown): string | undefined {
  const url = textIn(typeof value === 'object' && value !== null && 'url' in value ? value.url : value);
  return url !== undefined && url.length <= longestLink ? url : undefined;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
