import { createHash } from 'node:crypto';
import type { Document } from '../../packages/document.ts';
import type { Archive } from '../../releases/find-archive.ts';
import type { Read } from '../../store/database.ts';
import { servedLine } from './index-line.ts';

/** What one token sees besides what everybody does: its own versions that wait for approval. */

/** An index file with those lines behind the published ones; the file itself where there are none. */
export async function withStaged(
  db: Read,
  published: Document | undefined,
  { crateId, tokenId }: { readonly crateId: number; readonly tokenId: number | undefined },
): Promise<Document | undefined> {
  if (tokenId === undefined) return published;
  const rows = await stagedBy(db, crateId, tokenId)
    .select('releases.short_entry')
    .orderBy('releases.id')
    .execute();
  if (rows.length === 0) return published;
  const lines = rows.map(({ short_entry }) =>
    servedLine(short_entry, { yanked: false, publishedAt: undefined }),
  );
  const body = Buffer.concat([published?.body ?? Buffer.alloc(0), Buffer.from(lines.join(''))]);
  return { body, gzip: undefined, etag: createHash('sha256').update(body).digest('base64url') };
}

/** cargo builds a crate of a workspace with those it depends on, so it downloads what it has just uploaded. */
export async function findStagedArchive(
  db: Read,
  version: string,
  { crateId, tokenId }: { readonly crateId: number; readonly tokenId: number },
): Promise<Archive | undefined> {
  return await stagedBy(db, crateId, tokenId)
    .select(['releases.sha256', 'releases.size'])
    .where('releases.version', '=', version)
    .executeTakeFirst();
}

function stagedBy(db: Read, crateId: number, tokenId: number) {
  return db
    .selectFrom('releases')
    .where('releases.package_id', '=', crateId)
    .where('releases.state', '=', 'staged')
    .where('releases.staged_by_token', '=', tokenId);
}
