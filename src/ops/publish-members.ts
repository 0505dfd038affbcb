import { resolve } from 'node:path';
import type { MemberChoice } from '../ecosystems/ecosystem.ts';
import { PubError } from '../errors.ts';
import { sayAvailability } from './availability.ts';
import { awaitRelease } from './await-release.ts';
import { acceptConcerns } from './concerns.ts';
import { inDependencyOrder } from './dependency-order.ts';
import { takesGivenCode } from './given-code.ts';
import { batchesOf, judgeMembers } from './judge-members.ts';
import { failedWith, refusedMembers } from './member-failure.ts';
import { type MemberRelease, reportMembers, sayCycle, sayMember, showMembers } from './members-report.ts';
import { oneTimePasswordSource, withCodeOrStage } from './one-time-password.ts';
import { openCandidates, type Packed, packCandidate } from './prepare-release.ts';
import type { PublishCommandRequest, PublishContext } from './publish.ts';
import { type Release, sayOutcome } from './publish-report.ts';
import { ownerHint } from './send-release.ts';
import { type SharedProof, shareProof } from './shared-proof.ts';
import { refuseStaleDependencies } from './stale-dependencies.ts';
import { withHint } from './with-hint.ts';

export type { MemberChoice };

export interface PublishMembersRequest extends PublishCommandRequest {
  readonly members: MemberChoice;
}

/**
 * Publishes members of a workspace: packs all, has all of them judged, shows all, asks for one proof, and uploads them
 * one by one, each after those it depends on. What would be refused is known before anything is sent; what fails
 * nevertheless ends it, with an account of what is out. The same command goes on from there: what is out is skipped.
 */
export async function publishMembers(context: PublishContext, request: PublishMembersRequest): Promise<void> {
  if (request.provenanceFile !== undefined) throw oneProvenance();
  const path = resolve(context.workingDirectory, request.path);
  const chosen = await context.projects.openMembers(path, request.members);
  const { projects, cycle } = inDependencyOrder(chosen.projects);
  for (const name of chosen.private) sayMember(context, name, 'is private: skipped');
  if (cycle !== undefined) sayCycle(context, cycle);
  const candidates = await openCandidates(context, projects, request);
  const packed: Packed[] = [];
  for (const candidate of candidates) packed.push(await packCandidate(context, candidate, request));
  const members = await judgeMembers(context, packed, request.members);
  refuseStaleDependencies(members);
  showMembers(context, members);
  refusedMembers(context, members, request);
  for (const {
    request: { archive },
  } of accepted(members))
    await acceptConcerns(context, archive, request);
  if (!request.dryRun) {
    await sendAll(context, members, request);
    await sayAvailability(
      context,
      members.filter(({ standing }) => standing === 'published'),
      request,
    );
  }
  reportMembers(context, { members, private: chosen.private, dryRun: request.dryRun });
}

function accepted(members: readonly MemberRelease[]): readonly MemberRelease[] {
  return members.filter(({ standing }) => standing === 'waiting');
}

/** All proofs first: who has to be asked is asked before anything is out. */
async function sendAll(
  context: PublishContext,
  members: readonly MemberRelease[],
  request: PublishMembersRequest,
): Promise<void> {
  const proofs = new Map<Release, SharedProof>();
  const batches = batchesOf(accepted(members));
  for (const batch of batches) {
    const registry = batch[0]?.connection.registry;
    const source = oneTimePasswordSource(context, request.oneTimePassword, registry, withCodeOrStage);
    const ownCode = source.given !== undefined && takesGivenCode(batches, batch);
    const shared = shareProof(context, ownCode ? source : { ...source, given: undefined }, batch);
    for (const member of batch) proofs.set(member, shared);
    await shared.prove();
  }
  for (const member of accepted(members)) {
    try {
      await sendOne(context, member, proofs.get(member) as SharedProof);
    } catch (error) {
      throw failedWith(context, error, { failed: member, members });
    }
  }
}

async function sendOne(context: PublishContext, member: MemberRelease, proof: SharedProof): Promise<void> {
  const outcome = await withHint(ownerHint(member.request.archive), () => proof.send(member));
  member.standing = outcome.state;
  member.outcome = outcome;
  sayOutcome(context, member, outcome);
  // Also with --no-wait: the next member may need this one.
  await awaitRelease(context, member, outcome, { wait: true });
  if (outcome.state === 'published') await member.project.afterPublish(member.packing);
}

function oneProvenance(): PubError {
  return new PubError('E_USAGE', 'a provenance file is about one archive, and not about a workspace', {
    hint: 'publish the member by its folder or its archive, without --workspace',
  });
}
