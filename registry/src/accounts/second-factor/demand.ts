import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Read, Write } from '../../store/database.ts';
import type { Act } from '../act.ts';
import type { Actor, Requester } from '../actor.ts';
import { createApproval } from '../approvals.ts';
import { refuseWhileHeld } from '../hold.ts';
import { isSessionEnded, sessionProof } from '../session-proof.ts';
import { refuseActBeyondLimits } from '../tokens/limits.ts';
import { useUp } from '../tokens/one-act.ts';
import { isRevoked } from '../tokens.ts';
import { findFactors } from './factors.ts';
import { checkCode, consumeProof, type Proof } from './proof.ts';

/**
 * When an act needs the second factor of the account that asks for it:
 *
 * - `governance`: who may do what (owners, policy, password, e-mail, factors). Whenever the account has one.
 * - `write`: what users of a package get (releases, tags, deprecation). When the account chose
 *   auth-and-writes, or the package requires it.
 */
export type Need =
  | { readonly kind: 'governance' }
  | { readonly kind: 'write'; readonly packageRequires: boolean };

export type Demand = Need & {
  /** For the person who is asked: "publishing @acme/tool needs it". */
  readonly why: string;
  /** What exactly is asked for. A proof made in a browser is good for this and nothing else. */
  readonly act: Act;
};

/** True when this act cannot be done without a code. Says nothing about whether there is a factor. */
export async function needsCode(db: Read, accountId: number, need: Need): Promise<boolean> {
  const { mode } = await findFactors(db, accountId);
  if (need.kind === 'governance') return mode !== undefined;
  return need.packageRequires || mode === 'auth-and-writes';
}

/** The checked proof for an act that needs one, nothing for an act that does not. Throws the challenge. */
export async function demandProof(
  services: Services,
  requester: Requester,
  demand: Demand,
): Promise<Proof | undefined> {
  const { actor, code, receivedAt } = requester;
  const db = services.database.read;
  refuseActBeyondLimits(actor, demand.act);
  await refuseWhileHeld(db, actor.accountId, services.clock());
  if (actor.credential.kind === 'session') {
    return await sessionProof(db, actor, demand.act, services.clock());
  }
  if (!(await needsCode(db, actor.accountId, demand))) return undefined;
  const { once } = actor.credential;
  if (once?.factor) return { kind: 'token', factor: once.factor, expiresAt: once.expiresAt };
  if (code === undefined) throw await challenge(services, requester, demand);
  const { accountId, name: accountName } = actor;
  return await checkCode(services, { accountId, accountName, code, receivedAt, act: demand.act });
}

/**
 * The refusal that asks for a second factor. A program that can send its user to a browser is told where; a
 * code typed at a prompt stays good in any case.
 */
async function challenge(
  services: Services,
  { actor, browser }: Requester,
  demand: Demand,
): Promise<Refusal> {
  if (browser === undefined) return codeRequired(demand.why);
  const request = { kind: 'act', accountId: actor.accountId, act: demand.act, program: browser } as const;
  return codeRequired(demand.why, await createApproval(services, request));
}

export function codeRequired(why: string, approval?: { page: string; done: string }): Refusal {
  const text = `You must provide a one-time password: ${why}`;
  return new Refusal('otp_required', text, approval === undefined ? {} : { approval });
}

export interface Settlement {
  readonly actor: Actor;
  readonly demand: Demand;
  readonly proof: Proof | undefined;
  readonly now: number;
}

/**
 * Uses the proof up, in the transaction of the act. Without a proof it asks again whether one is needed: a
 * factor enrolled, or a package that began to require one, between the demand and the act counts. So does a
 * token or session that ended meanwhile: an upload takes long enough for somebody to notice and log out.
 */
export async function settleProof(
  transaction: Write,
  { actor, demand, proof, now }: Settlement,
): Promise<void> {
  await refuseEnded(transaction, actor, now);
  refuseActBeyondLimits(actor, demand.act);
  await refuseWhileHeld(transaction, actor.accountId, now);
  if (actor.credential.once !== undefined) await useUp(transaction, actor.credential, now);
  if (proof !== undefined) await consumeProof(transaction, proof, now);
  else if (await needsCode(transaction, actor.accountId, demand)) throw codeRequired(demand.why);
}

/** Throws `unauthenticated` where the actor's token or session ended after the request arrived. */
export async function refuseEnded(db: Read, { credential }: Actor, now: number): Promise<void> {
  const ended =
    credential.kind === 'token'
      ? await isRevoked(db, credential.id)
      : await isSessionEnded(db, credential.id, now);
  if (ended) throw new Refusal('unauthenticated', 'this login was ended meanwhile: log in again');
}
