import type { Program } from '../accounts/actor.ts';
import { fromProgram, mailOwners } from '../mail/outbox.ts';
import { packageLabel } from '../packages/packages.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import type { ExactRelease } from './standing.ts';

export interface Published {
  readonly record: PackageRecord;
  readonly id: ExactRelease;
  readonly by: string;
  readonly tag: string;
  /** What approved it, if anything did. */
  readonly factor: string | null;
  /** Who handed it in, where it waited for approval. */
  readonly stagedBy?: string;
  readonly program: Program;
}

/**
 * Tells every owner of a release, in the transaction that published it: whoever did it cannot keep it quiet. Gives how
 * many owners there are.
 */
export async function mailPublished(transaction: Write, now: number, published: Published): Promise<number> {
  const { record, id, by, tag, factor, stagedBy, program } = published;
  return await mailOwners(transaction, now, record, {
    template: 'published',
    values: {
      package: packageLabel(id),
      version: id.version,
      tag,
      sha256: id.sha256,
      by,
      approvedWith: factor ?? 'no second factor',
      ...(stagedBy !== undefined && { stagedBy }),
      ...fromProgram(program),
    },
  });
}
