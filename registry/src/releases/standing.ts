import type { Actor } from '../accounts/actor.ts';
import type { Demand } from '../accounts/second-factor/demand.ts';
import { refuseActBeyondLimits } from '../accounts/tokens/limits.ts';
import { Refusal } from '../errors.ts';
import { findPackage, type PackageId, requirePermission } from '../packages/packages.ts';
import { admitToScope } from '../packages/scopes.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord, ReleaseState } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';

export interface ReleaseId extends PackageId {
  readonly version: string;
}

/** A release with the archive it is to be: what a proof is bound to. */
export interface ExactRelease extends ReleaseId {
  /** Lower-case hex. */
  readonly sha256: string;
}

/** How the audit log calls a release. */
export function releaseSubject({ ecosystem, name, version }: ReleaseId): string {
  return `${ecosystem}:${name}@${version}`;
}

/** Where a release stands for the account that wants to publish it. */
export type Standing =
  /** The version is free. `record` is missing for a package that would be new. */
  { readonly kind: 'free'; readonly record: PackageRecord | undefined; readonly demand: Demand } | Taken;

/** The version is taken, for ever, by these bytes of that account, whatever became of them. */
export interface Taken {
  readonly kind: 'taken';
  readonly state: ReleaseState;
  readonly sha256: string;
  readonly publisherId: number;
  readonly stageId: string | null;
}

/** What publishing any version of a package takes of this account. `record` is missing for a new package. */
export interface Admission {
  readonly record: PackageRecord | undefined;
  readonly packageRequires: boolean;
}

/** The rules of who may publish to a package. Throws `not_owner` and `factor_not_enrolled`. */
export async function admissionTo(db: Read, actor: Actor, id: PackageId): Promise<Admission> {
  const record = await findPackage(db, id);
  if (record === undefined) await admitToScope(db, actor, id.name);
  else await requirePermission(db, record, actor, 'maintainer');
  return { record, packageRequires: record?.require_2fa === 1 };
}

/**
 * Where a release stands. Asked by the preflight, before an upload is read, and again in the transaction
 * that publishes. Throws what `admissionTo` throws.
 */
export async function standingOf(db: Read, actor: Actor, release: ExactRelease): Promise<Standing> {
  const act = { action: 'publish', subject: releaseSubject(release), details: { sha256: release.sha256 } };
  // Here too, for a release that was published before and takes no proof.
  refuseActBeyondLimits(actor, act);
  const { record, packageRequires } = await admissionTo(db, actor, release);
  const taken = await findTaken(db, record, release);
  if (taken !== undefined) return taken;
  const why = `publishing ${release.name} needs it`;
  return { kind: 'free', record, demand: { kind: 'write', why, act, packageRequires } };
}

/** Whatever holds the version, in a package that is there. */
export async function findTaken(
  db: Read,
  record: PackageRecord | undefined,
  { version }: ReleaseId,
): Promise<Taken | undefined> {
  if (record === undefined) return undefined;
  const row = await releaseOf.first(db, { packageId: record.id, version });
  return row && { kind: 'taken', ...row };
}

const releaseOf = statement(
  (db, { packageId, version }: Placeholders<{ packageId: number; version: string }>) =>
    db
      .selectFrom('releases')
      .select(['state', 'sha256', 'publisher_id as publisherId', 'stage_id as stageId'])
      .where('package_id', '=', packageId)
      .where('version', '=', version),
);

/** True when this account published exactly these bytes before: repeating it changes nothing. */
export function isRepetition(standing: Standing, actor: Actor, sha256: string): boolean {
  return standing.kind === 'taken' && standing.state === 'published' && isOwnWork(standing, actor, sha256);
}

/** Whether it was this account that put exactly these bytes there. */
export function isOwnWork(taken: Taken, { accountId }: Actor, sha256: string): boolean {
  return taken.sha256 === sha256 && taken.publisherId === accountId;
}

export function versionTaken({ name, version }: ReleaseId, { state }: Pick<Taken, 'state'>): Refusal {
  return new Refusal('version_exists', `version ${version} of ${name} ${fates[state]}`);
}

const fates: Readonly<Record<ReleaseState, string>> = {
  staged: 'is staged already, and waits for its approval or rejection',
  published: 'is already published, and a version is never replaced',
  rejected: 'was staged and rejected, and a version is never used again',
  expired: 'was staged and not approved in time, and a version is never used again',
  unpublished: 'was published once, and a version is never used again',
};
