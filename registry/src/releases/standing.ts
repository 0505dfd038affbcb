import type { Actor } from '../accounts/actor.ts';
import type { Demand } from '../accounts/second-factor/demand.ts';
import { refuseBeyondLimits } from '../accounts/tokens/limits.ts';
import { Refusal } from '../errors.ts';
import { findPackage, type PackageId, requirePermission } from '../packages/packages.ts';
import { admitToScope } from '../packages/scopes.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

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
  | { readonly kind: 'free'; readonly record: PackageRecord | undefined; readonly demand: Demand }
  /** The version is taken, for ever, by these bytes of that account. */
  | { readonly kind: 'taken'; readonly sha256: string; readonly publisherId: number };

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
  // Here too, for a release that was published before and takes no proof.
  refuseBeyondLimits(actor, ['publish'], release.name);
  const { record, packageRequires } = await admissionTo(db, actor, release);
  const taken = record && (await findRelease(db, record.id, release.version));
  if (taken !== undefined) return { kind: 'taken', sha256: taken.sha256, publisherId: taken.publisher_id };
  const act = { action: 'publish', subject: releaseSubject(release), details: { sha256: release.sha256 } };
  const why = `publishing ${release.name} needs it`;
  return { kind: 'free', record, demand: { kind: 'write', why, act, packageRequires } };
}

async function findRelease(db: Read, packageId: number, version: string) {
  return await db
    .selectFrom('releases')
    .select(['sha256', 'publisher_id'])
    .where('package_id', '=', packageId)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** True when this account put exactly these bytes there before: repeating it changes nothing. */
export function isRepetition(standing: Standing, actor: Actor, sha256: string): boolean {
  return standing.kind === 'taken' && standing.sha256 === sha256 && standing.publisherId === actor.accountId;
}

export function versionTaken({ name, version }: ReleaseId): Refusal {
  return new Refusal(
    'version_exists',
    `version ${version} of ${name} is already published, and a version is never replaced`,
  );
}
