import type { Act } from '../accounts/act.ts';
import type { Actor, Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { ownersAction } from '../accounts/tokens/one-act.ts';
import type { TokenScope } from '../accounts/tokens/scopes.ts';
import { createToken } from '../accounts/tokens.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { getPermittedPackage, type PackageId, packageLabel, packageSubject } from '../packages/packages.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { refuseForeignName } from '../upstream/foreign-names.ts';
import { refuseClash } from './ecosystem.ts';
import { type ExactRelease, standingOf, versionTaken } from './standing.ts';

/** A token that is good for one act: see `accounts/tokens/scopes.ts`. */
export type Operation =
  | { readonly kind: 'publish'; readonly release: ExactRelease }
  | { readonly kind: 'yank' | 'unyank'; readonly id: PackageId; readonly version: string }
  | { readonly kind: 'owners'; readonly id: PackageId };

export interface OneActToken {
  /** Shown this once. */
  readonly token: string;
  readonly expiresAt: number;
}

/** Ten minutes, in milliseconds: what any proof of one act lives for. */
const lifetime = 10 * 60 * 1_000;
/** More than one person can use at a time; bounds what is written on behalf of one token. */
const mostLive = 100;
const keptAfterwards = 60 * 60 * 1_000;

/** Makes one for what the account may do, with the second factor that the act takes. Every refusal is logged. */
export async function createOneActToken(
  services: Services,
  requester: Requester,
  operation: Operation,
): Promise<OneActToken> {
  const { actor } = requester;
  const attempt = { tag: 'token:refused', actor: actor.name, subject: actor.name } as const;
  return await logRefusals(services, attempt, async () => {
    const id = operation.kind === 'publish' ? operation.release : operation.id;
    await refuseForeignName(services, id);
    const demand = await demandOf(services, services.database.read, actor, operation);
    const proof = await demandProof(services, requester, demand);
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      const again = await demandOf(services, transaction, actor, operation);
      await settleProof(transaction, { actor, demand: again, proof, now });
      await makeRoom(transaction, actor.accountId, now);
      const factor = proof?.factor ?? null;
      const token = await createToken(transaction, {
        accountId: actor.accountId,
        label: `${operation.kind} ${id.name}`,
        now,
        lifetime,
        limits: limitsOf(actor, operation, id),
        once: { act: demand.act, factor, parentId: actor.credential.id },
      });
      const { action, subject, details } = demand.act;
      const event = { tag: 'token:created', actor: actor.name, subject: actor.name } as const;
      await recordEvent(transaction, now, { ...event, details: { ...details, action, on: subject, factor } });
      return { token, expiresAt: now + lifetime };
    });
  });
}

/** What the act takes of this account. Throws what the act itself would. */
async function demandOf(services: Services, db: Read, actor: Actor, operation: Operation): Promise<Demand> {
  if (operation.kind === 'publish') return await publishDemand(services, db, actor, operation.release);
  const { kind, id } = operation;
  const subject = packageSubject(id);
  const why = `${kind === 'owners' ? 'changing the owners of' : `${kind}ing a version of`} ${id.name} needs it`;
  if (kind === 'owners') {
    await getPermittedPackage(db, id, actor, 'owner');
    return { kind: 'governance', why, act: { action: ownersAction, subject, details: {} } };
  }
  const record = await getPermittedPackage(db, id, actor, 'maintainer');
  const act: Act = { action: kind, subject, details: { version: operation.version } };
  return { kind: 'write', why, act, packageRequires: record.require_2fa === 1 };
}

async function publishDemand(
  services: Services,
  db: Read,
  actor: Actor,
  release: ExactRelease,
): Promise<Demand> {
  const standing = await standingOf(db, actor, release);
  if (standing.kind === 'taken') throw versionTaken(release, standing);
  await refuseClash(services.ecosystems, db, release);
  return standing.demand;
}

const scopeFor: Readonly<Record<Operation['kind'], TokenScope>> = {
  publish: 'publish',
  yank: 'yank',
  unyank: 'yank',
  owners: 'owners',
};

/** What it names besides the act: so that nothing takes it for more, wherever it is shown. */
function limitsOf({ credential }: Actor, { kind }: Operation, id: PackageId) {
  const networks = credential.limits?.networks;
  return { description: undefined, scopes: [scopeFor[kind]], packages: [packageLabel(id)], networks };
}

async function makeRoom(transaction: Write, accountId: number, now: number): Promise<void> {
  await transaction
    .deleteFrom('tokens')
    .where('act', 'is not', null)
    .where('expires_at', '<=', now - keptAfterwards)
    .execute();
  const { live } = await transaction
    .selectFrom('tokens')
    .select((eb) => eb.fn.countAll<number>().as('live'))
    .where('account_id', '=', accountId)
    .where('act', 'is not', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  if (Number(live) >= mostLive)
    throw new Refusal(
      'conflict',
      `this account has ${mostLive} unused tokens for one act: wait for them to end`,
    );
}
