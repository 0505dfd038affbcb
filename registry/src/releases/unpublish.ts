import type { Requester } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import { fromProgram, mailOwners } from '../mail/outbox.ts';
import { changePackage, requirePermitted } from '../packages/change-package.ts';
import { findPackage, type PackageId } from '../packages/packages.ts';
import { dropTags } from '../packages/tags.ts';
import type { Services } from '../services.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

/**
 * Taking versions back. Others build on what is public, so it is for the first days of a release; later it is
 * deprecated. What was taken back is gone for readers, and its version stays used for ever: nobody is given other
 * bytes under a number they have seen. The row stays, and so does the archive on the operator's disk.
 */

/** 72 hours, as at npm's registry. */
const window = 72 * 60 * 60 * 1_000;

export interface Unpublishing {
  /** Which of the published versions. */
  readonly chosen: (version: string) => boolean;
  /** What the choice was made from, where it was: `conflict` when somebody changed the package since. */
  readonly revision?: number | undefined;
}

/**
 * Takes an owner and, where the account has one, the second factor; no limited token. Where nothing of it is left
 * to do, as for npm's deletion of the archive after that of its version, it takes no second code.
 */
export async function unpublish(
  services: Services,
  requester: Requester,
  id: PackageId,
  { chosen, revision }: Unpublishing,
): Promise<void> {
  const { database } = services;
  const before = await findPackage(database.read, id);
  const named = before ? await listChosen(database.read, before, chosen) : [];
  if (named.length === 0) return await requirePermitted(services, requester, id, 'owner');
  const versions = textOf(named);
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `unpublishing ${id.name} needs it`,
    act: { action: 'unpublish', details: { versions } },
    async admit(db, record, now) {
      const releases = await listChosen(db, record, chosen);
      const moved = revision !== undefined && revision !== record.revision;
      if (moved || textOf(releases) !== versions) throw changedMeanwhile(id);
      refuseLate(releases, now);
    },
    async apply(transaction, record, now) {
      const ids = named.map((release) => release.id);
      await transaction
        .updateTable('releases')
        .set({ state: 'unpublished', unpublished_at: now })
        .where('id', 'in', ids)
        .execute();
      await dropTags(transaction, record.id);
      const told = { package: id.name, version: versions, by: requester.actor.name };
      const values = { ...told, ...fromProgram(requester.program) };
      await mailOwners(transaction, now, record, { template: 'unpublished', values });
      return named.map(({ version, sha256 }) => {
        return { tag: 'release:unpublished', details: { version, sha256 } } as const;
      });
    },
  });
}

interface Published {
  readonly id: number;
  readonly version: string;
  readonly sha256: string;
  readonly published_at: number;
}

async function listChosen(db: Read, { id }: PackageRecord, chosen: Unpublishing['chosen']) {
  const published: Published[] = await db
    .selectFrom('releases')
    .select(['id', 'version', 'sha256', 'published_at'])
    .where('package_id', '=', id)
    .where('state', '=', 'published')
    .orderBy('id')
    .execute();
  return published.filter(({ version }) => chosen(version));
}

function textOf(releases: readonly Published[]): string {
  return releases.map(({ version }) => version).join(', ');
}

function refuseLate(releases: readonly Published[], now: number): void {
  const late = releases.find(({ published_at }) => now - published_at > window);
  if (late === undefined) return;
  throw new Refusal(
    'too_late',
    `${late.version} was published more than 72 hours ago, and stays: deprecate it instead`,
  );
}

function changedMeanwhile({ name }: PackageId): Refusal {
  return new Refusal('conflict', `${name} was changed meanwhile: read it again and repeat`);
}
