import type { Write } from '../store/database.ts';
import type { Submission } from './submission.ts';

/** Keeps what came with the archive of a release, in the transaction that made its row. */
export async function keepAttestation(
  transaction: Write,
  releaseId: number,
  { attestation }: Submission,
): Promise<void> {
  if (attestation === undefined) return;
  const { predicateType, bundle } = attestation;
  await transaction
    .insertInto('attestations')
    .values({ release_id: releaseId, predicate_type: predicateType, bundle })
    .execute();
}
