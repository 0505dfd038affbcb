import { sql } from 'kysely';
import type { Actor } from '../accounts/actor.ts';
import { refuseBeyondLimits, TokenLimited } from '../accounts/tokens/limits.ts';
import { Refusal } from '../errors.ts';
import { listPackagesOfAccount } from '../packages/of-account.ts';
import { getPackage, packageLabel } from '../packages/packages.ts';
import { permissionOf } from '../packages/permissions.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord, ReleaseState } from '../store/schema.ts';

/** Releases that were handed in, as the people of their package see them. For everybody else there are none. */
export interface StagedRelease {
  readonly stageId: string;
  readonly releaseId: number;
  readonly package: PackageRecord;
  readonly version: string;
  readonly state: ReleaseState;
  readonly tag: string;
  readonly sha256: string;
  readonly size: number;
  /** As npm's index entries have it; other ecosystems know no SHA-1. */
  readonly sha1: string | null;
  readonly stagedAt: number;
  readonly stagedBy: string;
  /** In its own words. */
  readonly agent: string;
  readonly address: string;
  /** The token it came with, and whether that was revoked since. */
  readonly token: string | null;
  readonly tokenRevoked: boolean;
  readonly decidedAt: number | null;
  readonly decidedBy: string | null;
}

export interface StagedFilter {
  readonly ecosystem?: string;
  readonly name?: string | undefined;
}

/** What waits for a decision in the packages of an account, the newest first. */
export async function listStaged(
  db: Read,
  actor: Actor,
  { ecosystem, name }: StagedFilter,
): Promise<StagedRelease[]> {
  const records = (await listPackagesOfAccount(db, actor.accountId)).filter(
    (record) =>
      (ecosystem === undefined || record.ecosystem === ecosystem) &&
      (name === undefined || record.name === name) &&
      mayLook(actor, record),
  );
  const found: StagedRelease[] = [];
  for (const record of records) found.push(...(await listStagedOf(db, record)));
  return found.sort((a, b) => b.releaseId - a.releaseId);
}

/** What waits in one package. Whether the reader may know is for the caller to say. */
export async function listStagedOf(db: Read, record: PackageRecord): Promise<StagedRelease[]> {
  const rows = await select(db)
    .where('releases.package_id', '=', record.id)
    .where('releases.state', '=', 'staged')
    .orderBy('releases.id', 'desc')
    .execute();
  return rows.map((row) => stagedFrom(row, record));
}

/** Throws `not_found` where there is none, and for whoever has no role in its package. */
export async function getStaged(db: Read, actor: Actor, stageId: string): Promise<StagedRelease> {
  const row = await select(db).where('releases.stage_id', '=', stageId).executeTakeFirst();
  const record = row && (await getPackage(db, row.package_id));
  if (record === undefined || (await permissionOf(db, actor, record)) === undefined)
    throw new Refusal('not_found', 'there is no staged release of that number');
  refuseBeyondLimits(actor, ['publish'], packageLabel(record));
  return stagedFrom(row as Row, record);
}

function mayLook(actor: Actor, record: PackageRecord): boolean {
  try {
    refuseBeyondLimits(actor, ['publish'], packageLabel(record));
    return true;
  } catch (error) {
    if (error instanceof TokenLimited) return false;
    throw error;
  }
}

function select(db: Read) {
  return (
    db
      .selectFrom('releases')
      .innerJoin('accounts as stager', 'stager.id', 'releases.publisher_id')
      .leftJoin('accounts as decider', 'decider.id', 'releases.decided_by')
      .leftJoin('tokens', 'tokens.id', 'releases.staged_by_token')
      .select(['releases.id', 'releases.package_id', 'releases.version', 'releases.state', 'releases.tag'])
      .select(['releases.sha256', 'releases.size', 'releases.stage_id', 'releases.staged_at'])
      // Not the whole entry: a list would read megabytes.
      .select(sql<string | null>`json_extract(releases.entry, '$.dist.shasum')`.as('sha1'))
      .select(['releases.staged_agent', 'releases.staged_address', 'releases.decided_at'])
      .select(['stager.name as stagedBy', 'decider.name as decidedBy', 'tokens.label', 'tokens.revoked_at'])
      .where('releases.stage_id', 'is not', null)
  );
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function stagedFrom(row: Row, record: PackageRecord): StagedRelease {
  return {
    stageId: row.stage_id as string,
    releaseId: row.id,
    package: record,
    version: row.version,
    state: row.state,
    tag: row.tag ?? 'latest',
    sha256: row.sha256,
    size: row.size,
    sha1: row.sha1,
    stagedAt: row.staged_at ?? 0,
    stagedBy: row.stagedBy,
    agent: row.staged_agent ?? '',
    address: row.staged_address ?? '',
    token: row.label,
    tokenRevoked: row.revoked_at !== null,
    decidedAt: row.decided_at,
    decidedBy: row.decidedBy,
  };
}
