import type { FastifyRequest } from 'fastify';
import type { Actor, Requester } from '../../accounts/actor.ts';
import { createApproval } from '../../accounts/approvals.ts';
import { batchOf } from '../../accounts/batch.ts';
import { refuseWhileHeld } from '../../accounts/hold.ts';
import { type Demand, needsCode } from '../../accounts/second-factor/demand.ts';
import { findFactors } from '../../accounts/second-factor/factors.ts';
import { Refusal } from '../../errors.ts';
import { refuseClash } from '../../releases/ecosystem.ts';
import { refuseOtherAccess } from '../../releases/first-access.ts';
import { admitToStage } from '../../releases/stage.ts';
import {
  type ExactRelease,
  isOwnWork,
  isRepetition,
  standingOf,
  versionTaken,
} from '../../releases/standing.ts';
import type { Services } from '../../services.ts';
import { refuseForeignName } from '../../upstream/foreign-names.ts';
import { approvalUrls } from '../approval-urls.ts';
import { requireRequester } from '../request.ts';
import { bodyObject, flag } from '../request-body.ts';
import { type DeclaredRelease, parseReleases } from './declared-releases.ts';

/** `POST /-/pub/v1/preflight`: docs/protocol.md, "Preflight". Changes nothing, consumes nothing. */

interface Decision {
  readonly decision: 'accept' | 'published' | 'refuse';
  readonly code?: string;
  readonly message?: string;
}

export async function preflight(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const { actor } = requester;
  const body = bodyObject(request);
  const decide = flag(body, 'stage') === true ? decideStage : decidePublish;
  const reviews: Review[] = [];
  for (const release of parseReleases(services.ecosystems, body['releases']))
    reviews.push(await review(services, actor, release, decide));
  const demands = reviews.flatMap(({ demand }) => (demand === undefined ? [] : [demand]));
  const approval = body['browser'] === true ? await offerApproval(services, requester, demands) : undefined;
  return {
    account: actor.name,
    second_factor: {
      required: demands.length > 0,
      ...(await describeFactors(services, actor)),
      ...(approval && { approval }),
    },
    releases: reviews.map(({ id, decision }) => ({ name: id.name, version: id.version, ...decision })),
  };
}

async function describeFactors(services: Services, { accountId }: Actor) {
  const { totp, passkeys, mode } = await findFactors(services.database.read, accountId);
  return {
    enrolled: mode !== undefined,
    methods: [...(totp ? ['totp'] : []), ...(passkeys > 0 ? ['passkey'] : [])],
  };
}

/** One page for all that needs a code: it shows the one act, or lists the many. */
async function offerApproval(services: Services, { actor, browser }: Requester, demands: readonly Demand[]) {
  const [demand] = demands;
  if (demand === undefined || browser === undefined) return undefined;
  const acts = demands.map(({ act }) => act);
  const act = acts.length === 1 ? demand.act : batchOf(actor.name, acts);
  const request = { kind: 'act', accountId: actor.accountId, act, program: browser } as const;
  const { authUrl, doneUrl } = approvalUrls(
    await createApproval(services, request),
    services.settings.publicUrl(),
  );
  return { auth_url: authUrl, done_url: doneUrl };
}

interface Review {
  readonly id: ExactRelease;
  readonly decision: Decision;
  /** Set when a second factor is needed. */
  readonly demand?: Demand;
}

/** Throws what refuses the release. */
type Decide = (services: Services, actor: Actor, release: DeclaredRelease) => Promise<Omit<Review, 'id'>>;

async function review(
  services: Services,
  actor: Actor,
  release: DeclaredRelease,
  decide: Decide,
): Promise<Review> {
  const { id, size } = release;
  const { maximumArchiveBytes } = services.settings;
  try {
    if (size > maximumArchiveBytes) throw tooLarge(maximumArchiveBytes);
    return { id, ...(await decide(services, actor, release)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { id, decision: { decision: 'refuse', code: error.code, message: error.message } };
  }
}

async function decidePublish(services: Services, actor: Actor, { id, access }: DeclaredRelease) {
  const db = services.database.read;
  await refuseForeignName(services, id);
  const standing = await standingOf(db, actor, id);
  if (isRepetition(standing, actor, id.sha256)) return published;
  if (standing.kind === 'taken') throw versionTaken(id, standing);
  await refuseClash(services.ecosystems, db, id);
  if (standing.record !== undefined) await refuseOtherAccess(db, standing.record, { access });
  await refuseWhileHeld(db, actor.accountId, services.clock());
  const needed = await needsCode(db, actor.accountId, standing.demand);
  return { ...accepted, ...(needed && { demand: standing.demand }) };
}

/** What is staged takes no code; the same bytes again are the same stage. */
async function decideStage(services: Services, actor: Actor, { id, access }: DeclaredRelease) {
  const { record, taken } = await admitToStage(services, actor, id);
  if (taken === undefined) {
    if (record !== undefined) await refuseOtherAccess(services.database.read, record, { access });
    return accepted;
  }
  if (isRepetition(taken, actor, id.sha256)) return published;
  if (taken.state === 'staged' && isOwnWork(taken, actor, id.sha256)) return accepted;
  throw versionTaken(id, taken);
}

const accepted = { decision: { decision: 'accept' } } as const;
const published = { decision: { decision: 'published' } } as const;

function tooLarge(limit: number): Refusal {
  return new Refusal('too_large', `the archive is larger than this registry's limit of ${limit} bytes`);
}
