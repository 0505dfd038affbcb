import type { Actor, Program } from '../accounts/actor.ts';
import type { ProofFactor } from '../accounts/second-factor/proof-factor.ts';
import { keptToken } from '../accounts/tokens.ts';
import { recordEvent } from '../audit/log.ts';
import { packageSubject } from '../packages/packages.ts';
import { takeScope } from '../packages/scopes.ts';
import type { Write } from '../store/database.ts';
import { keepAttestation } from './keep-attestation.ts';
import type { ExactRelease } from './standing.ts';
import type { Submission } from './submission.ts';

/** What is written of a release when it arrives, whether it becomes public then or waits for that. */
export interface Step {
  readonly transaction: Write;
  readonly actor: Actor;
  readonly id: ExactRelease;
  readonly submission: Submission;
  readonly now: number;
}

/**
 * A new package belongs to whoever publishes or stages it first, or to the organisation that holds its scope,
 * whose members need no name on it.
 */
export async function createPackage({ transaction, actor, id, submission, now }: Step): Promise<number> {
  const { ecosystem, name } = id;
  const access = submission.access ?? 'public';
  const row = {
    ecosystem,
    name,
    access,
    require_2fa: 0,
    revision: 0,
    created_at: now,
    updated_at: now,
  } as const;
  const created = await transaction
    .insertInto('packages')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow();
  const holder = await takeScope(transaction, actor, name, now);
  if (holder === undefined || holder.organisation_id === null) {
    const owner = { package_id: created.id, account_id: actor.accountId, added_at: now };
    await transaction.insertInto('owners').values(owner).execute();
  }
  await recordEvent(transaction, now, {
    tag: 'package:created',
    actor: actor.name,
    subject: packageSubject(id),
  });
  return created.id;
}

/** How a release begins. */
type Beginning =
  | { readonly state: 'published'; readonly factor: ProofFactor | null }
  | { readonly state: 'staged'; readonly stageId: string; readonly program: Program };

export async function insertRelease(
  { transaction, actor, id, submission, now }: Step,
  packageId: number,
  beginning: Beginning,
): Promise<void> {
  const { archive, entry, shortEntry, readme } = submission;
  const { id: releaseId } = await transaction
    .insertInto('releases')
    .values({
      package_id: packageId,
      version: id.version,
      state: beginning.state,
      sha256: archive.sha256,
      size: archive.size,
      publisher_id: actor.accountId,
      factor: beginning.state === 'published' ? beginning.factor : null,
      entry,
      short_entry: shortEntry,
      readme: readme?.text ?? null,
      readme_filename: readme?.fileName ?? null,
      deprecated: null,
      published_at: now,
      ...(beginning.state === 'staged' && stageOf(beginning, actor, submission.tag, now)),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await keepAttestation(transaction, releaseId, submission);
}

function stageOf(
  { stageId, program }: Extract<Beginning, { state: 'staged' }>,
  actor: Actor,
  tag: string,
  now: number,
) {
  return {
    stage_id: stageId,
    staged_at: now,
    staged_by_token: keptToken(actor) ?? null,
    staged_agent: program.agent,
    staged_address: program.address,
    tag,
  };
}
