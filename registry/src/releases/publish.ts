import type { Actor, Requester } from '../accounts/actor.ts';
import { codeRequired, demandProof, needsCode, settleProof } from '../accounts/second-factor/demand.ts';
import type { Proof } from '../accounts/second-factor/proof.ts';
import { recordEvent } from '../audit/log.ts';
import { type Attempt, logRefusals } from '../audit/refusals.ts';
import { finishChange, type PackageId, packageSubject } from '../packages/packages.ts';
import { singleOwnerNotice } from '../packages/single-owner.ts';
import { tagRelease } from '../packages/tags.ts';
import type { Services } from '../services.ts';
import { isKeptInFile } from '../store/received-blob.ts';
import { refuseForeignName } from '../upstream/foreign-names.ts';
import { refuseClash } from './ecosystem.ts';
import { refuseOtherAccess } from './first-access.ts';
import { createPackage, insertRelease } from './insert-release.ts';
import { mailPublished } from './mail-published.ts';
import {
  admissionTo,
  type ExactRelease,
  isRepetition,
  releaseSubject,
  standingOf,
  type Taken,
  versionTaken,
} from './standing.ts';
import type { Submission } from './submission.ts';

/**
 * The one door through which a release becomes public. It takes an archive, an actor and a proof, and knows
 * no protocol and no ecosystem: those translate.
 */

export interface PublishOutcome {
  /** False when the same account had published the same bytes before: nothing was changed. */
  readonly created: boolean;
  readonly sha256: string;
  /** What the publisher is to be told besides. */
  readonly notice?: string | undefined;
}

/**
 * Publishes. `readArchive` is called once it is clear that the actor may publish this version and the second
 * factor, where one is needed, is right: nothing is read for a request that is refused anyway. Every refusal
 * is logged.
 */
export async function publishRelease(
  services: Services,
  requester: Requester,
  id: ExactRelease,
  readArchive: () => Promise<Submission>,
): Promise<PublishOutcome> {
  return await logRefusals(services, refused(requester, releaseSubject(id)), async () => {
    const proof = await admit(services, requester, id);
    const submission = await readArchive();
    try {
      return await release(services, requester, { id, proof, submission });
    } finally {
      await services.blobs.discard(submission.archive);
    }
  });
}

/**
 * For a protocol that names the version only inside the body: refuses what needs no version to be refused,
 * before the body is read.
 */
export async function admitUpload(services: Services, requester: Requester, id: PackageId): Promise<void> {
  await logRefusals(services, refused(requester, packageSubject(id)), async () => {
    const { actor, code, browser } = requester;
    await refuseForeignName(services, id);
    const { packageRequires } = await admissionTo(services.database.read, actor, id);
    // Somebody who will approve in a browser has to be shown the version and the digest: in the body.
    if (code !== undefined || browser !== undefined) return;
    const needed = await needsCode(services.database.read, actor.accountId, {
      kind: 'write',
      packageRequires,
    });
    if (needed) throw codeRequired(`publishing or changing ${id.name} needs it`);
  });
}

function refused({ actor }: Requester, subject: string): Attempt {
  return { tag: 'release:refused', actor: actor.name, subject };
}

/** Everything that can be refused before the archive is there. */
async function admit(services: Services, requester: Requester, id: ExactRelease): Promise<Proof | undefined> {
  await refuseForeignName(services, id);
  const standing = await standingOf(services.database.read, requester.actor, id);
  if (standing.kind === 'free') {
    // Again in the transaction. Here so that no archive stays on the disk of which there is no release.
    await refuseClash(services.ecosystems, services.database.read, id);
    return await demandProof(services, requester, standing.demand);
  }
  // Perhaps a repetition of what succeeded: the archive will tell. It takes no proof, for it changes nothing.
  if (standing.publisherId === requester.actor.accountId) return undefined;
  throw versionTaken(id, standing);
}

async function release(
  services: Services,
  { actor, program }: Requester,
  candidate: {
    readonly id: ExactRelease;
    readonly proof: Proof | undefined;
    readonly submission: Submission;
  },
): Promise<PublishOutcome> {
  const { id, proof, submission } = candidate;
  const { sha256, size } = submission.archive;
  if (sha256 !== id.sha256) throw new Error('the archive is not the one that was admitted');
  if (isKeptInFile(submission.archive)) {
    // Asked again in the transaction. Here so that no archive stays on the disk of which there is no release.
    const before = await standingOf(services.database.read, actor, id);
    if (before.kind === 'taken') return repetition(before, actor, id);
    if (before.record !== undefined)
      await refuseOtherAccess(services.database.read, before.record, submission);
  }
  // Durable before a row names it: an acknowledged release survives a power loss.
  await services.blobs.keep(submission.archive);
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const standing = await standingOf(transaction, actor, id);
    if (standing.kind === 'taken') return repetition(standing, actor, id);
    await refuseClash(services.ecosystems, transaction, id);
    await settleProof(transaction, { actor, demand: standing.demand, proof, now });
    const factor = proof?.factor ?? null;
    const step = { transaction, services, actor, id, submission, now };
    const record = standing.record ?? (await createPackage(step));
    await insertRelease(step, record, { state: 'published', factor });
    await tagRelease(transaction, record.id, submission.tag, id.version);
    const details = { sha256, size, tag: submission.tag, factor };
    const event = {
      tag: 'release:published',
      actor: actor.name,
      subject: releaseSubject(id),
      details,
    } as const;
    await recordEvent(transaction, now, event);
    const owners = await mailPublished(transaction, now, {
      record,
      id,
      by: actor.name,
      tag: submission.tag,
      factor,
      program,
    });
    await finishChange(services, transaction, id, now);
    return { created: true, sha256, notice: singleOwnerNotice(record, owners) };
  });
}

/** Throws `version_exists` unless it was this account that published exactly these bytes. */
function repetition(taken: Taken, actor: Actor, id: ExactRelease): PublishOutcome {
  if (isRepetition(taken, actor, id.sha256)) {
    const notice = `${id.name}@${id.version} was published before with exactly these bytes: nothing is changed, and no tag is moved`;
    return { created: false, sha256: id.sha256, notice };
  }
  throw versionTaken(id, taken);
}
