import { createHash } from 'node:crypto';
import compare from 'semver/functions/compare.js';
import prerelease from 'semver/functions/prerelease.js';
import type { IndexRenderer } from '../../packages/index-renderer.ts';
import { putTag } from '../../packages/tags.ts';
import type { Read, Write } from '../../store/database.ts';
import { servedLine } from './index-line.ts';

const form = 'index';

/** Writes the index file of a crate: one line for each version, in the order they were published in. */
export const indexRenderer: IndexRenderer = {
  async render(transaction, record) {
    const releases = await readReleases(transaction, record.id);
    await moveLatest(transaction, record.id, releases);
    const body = releases
      .map(({ short_entry, yanked, published_at }) =>
        servedLine(short_entry, { yanked: yanked === 1, publishedAt: published_at }),
      )
      .join('');
    const document = { body, etag: digest(body) };
    await transaction
      .insertInto('documents')
      .values({ package_id: record.id, form, ...document })
      .onConflict((conflict) => conflict.columns(['package_id', 'form']).doUpdateSet(document))
      .execute();
  },
};

type ReleaseEntry = Awaited<ReturnType<typeof readReleases>>[number];

async function readReleases(db: Read, packageId: number) {
  return await db
    .selectFrom('releases')
    .select(['version', 'short_entry', 'yanked', 'published_at'])
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .orderBy('published_at')
    .orderBy('id')
    .execute();
}

/** cargo has no tags. What the registry's pages show as the latest is what cargo would take: the highest one. */
async function moveLatest(
  transaction: Write,
  packageId: number,
  releases: readonly ReleaseEntry[],
): Promise<void> {
  const [latest] = [...releases].sort(
    (a, b) =>
      a.yanked - b.yanked ||
      Number(prerelease(a.version) !== null) - Number(prerelease(b.version) !== null) ||
      compare(b.version, a.version),
  );
  if (latest !== undefined) await putTag(transaction, packageId, 'latest', latest.version);
}

/** What a reader gets, and what tells it from another one. */
export interface IndexFile {
  readonly body: string;
  readonly etag: string;
}

/** The index file of a crate; `undefined` where nothing is published. */
export async function readIndexFile(db: Read, packageId: number): Promise<IndexFile | undefined> {
  const stored = await db
    .selectFrom('documents')
    .select(['body', 'etag'])
    .where('package_id', '=', packageId)
    .where('form', '=', form)
    .executeTakeFirst();
  return stored?.body ? { body: stored.body, etag: `"${stored.etag}"` } : undefined;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
