import type { MemberChoice } from '../ecosystems/ecosystem.ts';
import { mostReleasesInBatch, type ReleasePlan } from '../ecosystems/registry.ts';
import type { LogInContext } from './log-in.ts';
import type { MemberRelease } from './members-report.ts';
import type { Packed } from './prepare-release.ts';
import { renewingLogin } from './renew-login.ts';
import { ownerHint } from './send-release.ts';
import { withHint } from './with-hint.ts';

/** What each registry thinks of its members: one question for up to a hundred of them. */
export async function judgeMembers(
  context: LogInContext,
  packed: readonly Packed[],
  choice: MemberChoice,
): Promise<readonly MemberRelease[]> {
  const judged = new Map<Packed, MemberRelease>();
  for (const batch of batchesOf(packed)) {
    for (const [index, member] of (await judgeBatch(context, batch, choice)).entries()) {
      judged.set(batch[index] as Packed, member);
    }
  }
  return packed.flatMap((one) => judged.get(one) ?? []);
}

async function judgeBatch(
  context: LogInContext,
  batch: readonly Packed[],
  choice: MemberChoice,
): Promise<readonly MemberRelease[]> {
  const [first] = batch;
  if (first?.login.credential === undefined) {
    return batch.map((packed) => ({ ...packed, plan: undefined, decision: undefined, standing: 'waiting' }));
  }
  const requests = batch.map(({ request }) => request);
  const plan = await withHint(ownerHint(first.request.archive), () =>
    renewingLogin(context, first, (token) => first.connection.registry.planPublish(token, requests)),
  );
  return batch.map((packed, index) => {
    const release = plan.releases[index];
    if (release === undefined) throw new Error('a plan without one of its releases');
    return { ...packed, plan, ...standingOf(release, choice) };
  });
}

/** Of all members most keep their version from one release to the next; a member that was named was meant. */
function standingOf(
  release: ReleasePlan,
  choice: MemberChoice,
): Pick<MemberRelease, 'decision' | 'standing' | 'refusal'> {
  if (release.decision === 'accept') return { decision: 'accept', standing: 'waiting' };
  if (release.decision === 'published') return { decision: 'published', standing: 'already-published' };
  const { refusal } = release;
  const taken = choice === 'all' && refusal.code === 'E_VERSION_EXISTS';
  return { decision: undefined, standing: taken ? 'version-taken' : 'refused', refusal };
}

/** Of one registry, and no more than it takes at once. */
export function batchesOf<T extends Packed>(members: readonly T[]): readonly (readonly T[])[] {
  const byRegistry = new Map<string, T[]>();
  for (const member of members) {
    const { url } = member.connection.target;
    byRegistry.set(url, [...(byRegistry.get(url) ?? []), member]);
  }
  return [...byRegistry.values()].flatMap((all) => {
    const count = Math.ceil(all.length / mostReleasesInBatch);
    return Array.from({ length: count }, (_, index) =>
      all.slice(index * mostReleasesInBatch, (index + 1) * mostReleasesInBatch),
    );
  });
}
