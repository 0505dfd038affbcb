import { randomUUID } from 'node:crypto';
import type { Actor, Requester } from '../accounts/actor.ts';
import { refuseWhileHeld } from '../accounts/hold.ts';
import { refuseEnded } from '../accounts/second-factor/demand.ts';
import { refuseActBeyondLimits, refuseBeyondLimits } from '../accounts/tokens/limits.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { fromProgram, mailOwners } from '../mail/outbox.ts';
import { type PackageId, packageLabel, packageSubject } from '../packages/packages.ts';
import type { Services } from '../services.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { refuseForeignName } from '../upstream/foreign-names.ts';
import { refuseClash } from './ecosystem.ts';
import { refuseOtherAccess } from './first-access.ts';
import { createPackage, insertRelease } from './insert-release.ts';
import {
  admissionTo,
  type ExactRelease,
  findTaken,
  isOwnWork,
  releaseSubject,
  type Taken,
  versionTaken,
} from './standing.ts';
import type { Submission } from './submission.ts';

/**
 * Handing a release in: it is checked and kept like one that is published, takes its version for ever, and is
 * seen by nobody but the people of its package until one of them approves it. It takes no second factor, so
 * that a program without a person can do it; `decide-staged.ts` is where the person comes in.
 */

export interface StageOutcome {
  /** A UUID. */
  readonly stageId: string;
  /** False when the same account had handed in the same bytes before: nothing was changed. */
  readonly created: boolean;
  /** Of a repetition, what became of it meanwhile. */
  readonly state: 'staged' | 'published';
  readonly sha256: string;
}

/** More than a person looks through; bounds what a token can do to a package and the mailboxes of its owners. */
const mostWaiting = 100;

/** Stages. `readArchive` is called once it is clear that the actor may. Every refusal is logged. */
export async function stageRelease(
  services: Services,
  requester: Requester,
  id: ExactRelease,
  readArchive: () => Promise<Submission>,
): Promise<StageOutcome> {
  const attempt = {
    tag: 'release:refused',
    actor: requester.actor.name,
    subject: releaseSubject(id),
  } as const;
  return await logRefusals(services, attempt, async () => {
    await admitToStage(services, requester.actor, id);
    const submission = await readArchive();
    try {
      return await stage(services, requester, id, submission);
    } finally {
      await services.blobs.discard(submission.archive);
    }
  });
}

/** For a protocol that names the version only inside the body: refuses what needs no version to be refused. */
export async function admitStage(services: Services, { actor }: Requester, id: PackageId): Promise<void> {
  const attempt = { tag: 'release:refused', actor: actor.name, subject: packageSubject(id) } as const;
  await logRefusals(services, attempt, async () => {
    refuseBeyondLimits(actor, ['stage', 'publish'], packageLabel(id));
    await refuseForeignName(services, id);
    await admissionTo(services.database.read, actor, id);
    await refuseWhileHeld(services.database.read, actor.accountId, services.clock());
  });
}

/** Everything that can be refused before the archive is there. */
export async function admitToStage(services: Services, actor: Actor, id: ExactRelease): Promise<Standing> {
  const db = services.database.read;
  await refuseForeignName(services, id);
  const { record, taken } = await standingOf(db, actor, id);
  // Perhaps a repetition of what succeeded: the archive will tell.
  if (taken !== undefined && taken.publisherId !== actor.accountId) throw versionTaken(id, taken);
  if (taken === undefined) {
    // Again in the transaction. Here so that no archive stays on the disk of which there is no release.
    await refuseClash(services.ecosystems, db, id);
    if (record !== undefined) await refuseTooMany(db, record.id, id);
  }
  await refuseWhileHeld(db, actor.accountId, services.clock());
  return { record, taken };
}

interface Standing {
  readonly record: PackageRecord | undefined;
  readonly taken: Taken | undefined;
}

/** The rules of who may stage: those of publishing, but for the proof. */
async function standingOf(db: Read, actor: Actor, id: ExactRelease): Promise<Standing> {
  refuseActBeyondLimits(actor, {
    action: 'stage',
    subject: releaseSubject(id),
    details: { sha256: id.sha256 },
  });
  const { record } = await admissionTo(db, actor, id);
  return { record, taken: await findTaken(db, record, id) };
}

async function stage(
  services: Services,
  { actor, program }: Requester,
  id: ExactRelease,
  submission: Submission,
): Promise<StageOutcome> {
  const { sha256, size } = submission.archive;
  if (sha256 !== id.sha256) throw new Error('the archive is not the one that was admitted');
  const before = await standingOf(services.database.read, actor, id);
  if (before.taken !== undefined) return repetition(before.taken, actor, id);
  if (before.record !== undefined) await refuseOtherAccess(services.database.read, before.record, submission);
  // Durable before a row names it: what was acknowledged survives a power loss.
  await services.blobs.keep(submission.archive);
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const { record: known, taken } = await standingOf(transaction, actor, id);
    if (taken !== undefined) return repetition(taken, actor, id);
    await refuseClash(services.ecosystems, transaction, id);
    await refuseEnded(transaction, actor, now);
    await refuseWhileHeld(transaction, actor.accountId, now);
    const step = { transaction, services, actor, id, submission, now };
    const record = known ?? (await createPackage(step));
    await refuseTooMany(transaction, record.id, id);
    const stageId = randomUUID();
    await insertRelease(step, record, { state: 'staged', stageId, program });
    const { tag } = submission;
    const details = { sha256, size, tag, stage: stageId, program: program.agent };
    const event = { tag: 'release:staged', actor: actor.name, subject: releaseSubject(id), details } as const;
    await recordEvent(transaction, now, event);
    const told = {
      package: packageLabel(id),
      version: id.version,
      tag,
      sha256,
      by: actor.name,
      stage: stageId,
    };
    const values = { ...told, ...fromProgram(program) };
    await mailOwners(transaction, now, record, { template: 'staged', values });
    return { stageId, created: true, state: 'staged', sha256 };
  });
}

/** Throws `version_exists` unless it was this account that handed in these bytes, and nobody rejected them. */
function repetition(taken: Taken, actor: Actor, id: ExactRelease): StageOutcome {
  const { state, stageId, sha256 } = taken;
  const goes = state === 'staged' || state === 'published';
  if (stageId === null || !goes || !isOwnWork(taken, actor, id.sha256)) throw versionTaken(id, taken);
  return { stageId, created: false, state, sha256 };
}

async function refuseTooMany(db: Read, packageId: number, { name }: ExactRelease): Promise<void> {
  const { waiting } = await db
    .selectFrom('releases')
    .select((eb) => eb.fn.countAll<number>().as('waiting'))
    .where('package_id', '=', packageId)
    .where('state', '=', 'staged')
    .executeTakeFirstOrThrow();
  if (Number(waiting) < mostWaiting) return;
  throw new Refusal(
    'conflict',
    `${mostWaiting} releases of ${name} wait for approval: approve or reject some`,
  );
}
