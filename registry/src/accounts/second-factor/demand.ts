import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Read, Write } from '../../store/database.ts';
import type { Actor, Requester } from '../actor.ts';
import { isRevoked } from '../tokens.ts';
import { findActiveFactor } from './factors.ts';
import { checkCode, codeRequired, consumeProof, type Proof } from './proof.ts';

/**
 * When an act needs the second factor of the account that asks for it:
 *
 * - `governance`: who may do what (owners, policy, password, e-mail, factors). Whenever the account has one.
 * - `write`: what users of a package get (releases, tags, deprecation). When the account chose
 *   auth-and-writes, or the package requires it.
 */
export type Demand =
  | { readonly kind: 'governance'; readonly why: string }
  | { readonly kind: 'write'; readonly why: string; readonly packageRequires: boolean };

/** True when this act cannot be done without a code. Says nothing about whether there is a factor. */
export async function needsCode(db: Read, accountId: number, demand: Demand): Promise<boolean> {
  const factor = await findActiveFactor(db, accountId);
  if (demand.kind === 'governance') return factor !== undefined;
  return demand.packageRequires || factor?.mode === 'auth-and-writes';
}

/** The checked proof for an act that needs one, nothing for an act that does not. Throws the challenge. */
export async function demandProof(
  services: Services,
  requester: Requester,
  demand: Demand,
): Promise<Proof | undefined> {
  const { actor, code, receivedAt } = requester;
  if (!(await needsCode(services.database.read, actor.accountId, demand))) return undefined;
  if (code === undefined) throw codeRequired(demand.why);
  return await checkCode(services, { accountId: actor.accountId, accountName: actor.name, code, receivedAt });
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
 * token revoked meanwhile: an upload takes long enough for somebody to notice and log out.
 */
export async function settleProof(
  transaction: Write,
  { actor, demand, proof, now }: Settlement,
): Promise<void> {
  if (await isRevoked(transaction, actor.tokenId)) {
    throw new Refusal('unauthenticated', 'the token was revoked meanwhile: log in again');
  }
  if (proof !== undefined) await consumeProof(transaction, proof, now);
  else if (await needsCode(transaction, actor.accountId, demand)) throw codeRequired(demand.why);
}
