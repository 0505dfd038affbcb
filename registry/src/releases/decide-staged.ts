import type { Actor, Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import type { Proof } from '../accounts/second-factor/proof.ts';
import type { ProofFactor } from '../accounts/second-factor/proof-factor.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { finishChange, requirePermission } from '../packages/packages.ts';
import { tagRelease } from '../packages/tags.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { mailPublished } from './mail-published.ts';
import { sealReleases } from './seal.ts';
import { getStaged, type StagedRelease } from './staged.ts';
import { releaseSubject } from './standing.ts';

/**
 * Somebody of the package decides what becomes of a release that was handed in, once. To approve always takes a
 * second factor, bound to these bytes, whatever the account or the package chose: it is what staging is for. To
 * reject takes what publishing takes.
 */
export type Decision = 'approve' | 'reject';

/** How the proof is come by: from what the request brought, or on a page that asks for it there and then. */
export type Prove = (demand: Demand) => Promise<Proof | undefined>;

export async function decideStaged(
  services: Services,
  requester: Requester,
  {
    stageId,
    decision,
    prove,
  }: { readonly stageId: string; readonly decision: Decision; readonly prove?: Prove },
): Promise<StagedRelease> {
  const { actor } = requester;
  const db = services.database.read;
  const subject = releaseSubject(idOf(await getStaged(db, actor, stageId)));
  const attempt = { tag: 'release:decision-refused', actor: actor.name, subject } as const;
  return await logRefusals(services, attempt, async () => {
    const { demand } = await admit(db, actor, stageId, decision);
    const proof = await (prove ?? ((asked: Demand) => demandProof(services, requester, asked)))(demand);
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      const { staged, demand } = await admit(transaction, actor, stageId, decision);
      await settleProof(transaction, { actor, demand, proof, now });
      const factor = proof?.factor ?? null;
      const work = { requester, staged, factor, now };
      if (decision === 'approve') await publish(services, transaction, work);
      else await reject(transaction, work);
      return staged;
    });
  });
}

function idOf({ package: { ecosystem, name }, version, sha256 }: StagedRelease) {
  return { ecosystem, name, version, sha256 };
}

/** Asked before the proof is, and again in the transaction. Throws `not_found`, `not_owner`, `conflict`, `factor_not_enrolled`. */
async function admit(
  db: Read,
  actor: Actor,
  stageId: string,
  decision: Decision,
): Promise<{ readonly staged: StagedRelease; readonly demand: Demand }> {
  const staged = await getStaged(db, actor, stageId);
  const { package: record, version, state, sha256 } = staged;
  await requirePermission(db, record, actor, 'maintainer');
  if (state !== 'staged')
    throw new Refusal('conflict', `version ${version} of ${record.name} was ${state} before`);
  const approving = decision === 'approve';
  if (approving && !(await hasSecondFactor(db, actor.accountId))) throw factorNeeded();
  const act = { action: `stage:${decision}`, subject: releaseSubject(idOf(staged)), details: { sha256 } };
  const why = `${approving ? 'approving' : 'rejecting'} ${record.name} ${version} needs it`;
  return {
    staged,
    demand: { kind: 'write', why, act, packageRequires: approving || record.require_2fa === 1 },
  };
}

interface Work {
  readonly requester: Requester;
  readonly staged: StagedRelease;
  readonly factor: ProofFactor | null;
  readonly now: number;
}

async function publish(services: Services, transaction: Write, work: Work): Promise<void> {
  const { requester, staged, factor, now } = work;
  const { tag, stagedBy, size } = staged;
  const id = idOf(staged);
  const by = requester.actor.name;
  await settle(transaction, work, { state: 'published', factor, published_at: now });
  await sealReleases(services, transaction, staged.package);
  await tagRelease(transaction, staged.package.id, tag, id.version);
  const details = { sha256: id.sha256, size, tag, factor, stage: staged.stageId, staged_by: stagedBy };
  await recordEvent(transaction, now, {
    tag: 'release:published',
    actor: by,
    subject: releaseSubject(id),
    details,
  });
  const told = { record: staged.package, id, by, tag, factor, stagedBy, program: requester.program };
  await mailPublished(transaction, now, told);
  await finishChange(services, transaction, id, now);
}

async function reject(transaction: Write, work: Work): Promise<void> {
  const { requester, staged, factor, now } = work;
  await settle(transaction, work, { state: 'rejected' });
  await recordEvent(transaction, now, {
    tag: 'release:rejected',
    actor: requester.actor.name,
    subject: releaseSubject(idOf(staged)),
    details: { sha256: staged.sha256, factor, stage: staged.stageId, staged_by: staged.stagedBy },
  });
}

/** The one statement that decides: of two at once the second finds nothing that waits. */
async function settle(
  transaction: Write,
  { requester, staged, now }: Work,
  change:
    | { readonly state: 'rejected' }
    | { readonly state: 'published'; readonly factor: ProofFactor | null; readonly published_at: number },
): Promise<void> {
  const result = await transaction
    .updateTable('releases')
    .set({ ...change, decided_at: now, decided_by: requester.actor.accountId })
    .where('id', '=', staged.releaseId)
    .where('state', '=', 'staged')
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new Refusal('conflict', 'this release was decided meanwhile');
}

function factorNeeded(): Refusal {
  return new Refusal(
    'factor_not_enrolled',
    'approving a release takes a second factor, and your account has none: enrol one first',
  );
}
