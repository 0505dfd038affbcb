import compare from 'semver/functions/compare.js';
import prerelease from 'semver/functions/prerelease.js';
import type { IndexRenderer } from '../../packages/index-renderer.ts';
import { putTag } from '../../packages/tags.ts';
import type { Read, Write } from '../../store/database.ts';
import { servedLine } from './index-line.ts';

/** The one form there is. */
export const indexForm = 'index';

/** Writes the index file of a crate: one line for each version, in the order they were published in. */
export const indexRenderer: IndexRenderer = {
  async render(db, { record }) {
    const releases = await readReleases(db, record.id);
    if (releases.length === 0) return undefined;
    const lines = releases.map(({ short_entry, yanked, published_at }) =>
      servedLine(short_entry, { yanked: yanked === 1, publishedAt: published_at }),
    );
    return lines.join('');
  },
  async afterChange(transaction, record) {
    await moveLatest(transaction, record.id);
  },
};

async function readReleases(db: Read, packageId: number) {
  return await db
    .selectFrom('releases')
    .select(['short_entry', 'yanked', 'published_at'])
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .orderBy('published_at')
    .orderBy('id')
    .execute();
}

/** cargo has no tags. What the registry's pages show as the latest is what cargo would take: the highest one. */
async function moveLatest(transaction: Write, packageId: number): Promise<void> {
  const releases = await transaction
    .selectFrom('releases')
    .select(['version', 'yanked'])
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .execute();
  const [latest] = [...releases].sort(
    (a, b) =>
      a.yanked - b.yanked ||
      Number(prerelease(a.version) !== null) - Number(prerelease(b.version) !== null) ||
      compare(b.version, a.version),
  );
  if (latest !== undefined) await putTag(transaction, packageId, 'latest', latest.version);
}
