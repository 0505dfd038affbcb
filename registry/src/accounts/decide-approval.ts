import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { parseAct } from './act.ts';
import type { Actor } from './actor.ts';
import { type Approval, approve, deny, findOpenApproval } from './approvals.ts';
import { checkPassword } from './check-password.ts';
import { refuseWhileHeld } from './hold.ts';
import { finishAuthentication } from './passkeys/authenticate.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import { checkCode, consumeProof, type Proof } from './second-factor/proof.ts';
import type { ProofFactor } from './second-factor/proof-factor.ts';
import { isSessionEnded } from './session-proof.ts';

/**
 * A person decides what a program asked for, on the page that shows it. Only in a browser session of the account
 * that asked, and only with a factor given there and then: neither a token nor an earlier confirmation will do.
 */
export interface Decider {
  /** Of a browser session. */
  readonly actor: Actor;
  /** The capability in the page's URL. */
  readonly page: string;
}

/** Throws `not_found` for a request that was decided, has expired, or was never there. */
export async function getOpenApproval(
  services: Pick<Services, 'clock'>,
  db: Read,
  page: string,
): Promise<Approval> {
  const approval = await findOpenApproval(db, page, services.clock());
  if (approval === undefined) {
    throw new Refusal('not_found', 'this request was answered already, has expired, or was never made');
  }
  return approval;
}

/** Whether this person may decide it. A login belongs to nobody until somebody approves it. */
export function isAsked(approval: Approval, { accountId }: Actor): boolean {
  return approval.account_id === null || approval.account_id === accountId;
}

export async function approveWithCode(
  services: Services,
  decider: Decider,
  presented: { readonly code: string; readonly receivedAt: number },
): Promise<Approval> {
  return await grant(services, decider, async ({ id }) => {
    const { accountId, name: accountName } = decider.actor;
    // Its own act: no proof that was approved before passes for it.
    const act = { action: 'approve', subject: String(id), details: {} };
    const proof = await checkCode(services, { accountId, accountName, ...presented, act });
    return { factor: proof.factor, proof };
  });
}

export async function approveWithPasskey(
  services: Services,
  decider: Decider,
  response: unknown,
): Promise<Approval> {
  return await grant(services, decider, async (approval) => {
    const { accountId } = decider.actor;
    const context = approvalContext(approval);
    await finishAuthentication(services, { purpose: 'approve', accountId, context, response });
    return { factor: 'passkey' };
  });
}

/** What a passkey is asked for on the page of an approval. */
export function approvalContext({ id }: Approval): string {
  return `approval:${id}`;
}

/** For the login of an account without a second factor, and nothing else. */
export async function approveWithPassword(
  services: Services,
  decider: Decider,
  presented: { readonly password: string; readonly address: string },
): Promise<Approval> {
  return await grant(services, decider, async (approval) => {
    const { accountId, name } = decider.actor;
    if (approval.kind !== 'login' || (await hasSecondFactor(services.database.read, accountId))) {
      throw factorNeeded();
    }
    await checkPassword(services, { name, ...presented });
    return { factor: 'password' };
  });
}

interface Given {
  readonly factor: ProofFactor;
  /** Where there is something left to use up. */
  readonly proof?: Proof;
}

async function grant(
  services: Services,
  decider: Decider,
  check: (approval: Approval) => Promise<Given>,
): Promise<Approval> {
  const { actor, page } = decider;
  const attempt = { tag: 'approval:refused', actor: actor.name, subject: actor.name } as const;
  return await logRefusals(services, attempt, async () => {
    const approval = await getOwnApproval(services, services.database.read, decider);
    await refuseWhileHeld(services.database.read, actor.accountId, services.clock());
    const { factor, proof } = await check(approval);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      await getOwnApproval(services, transaction, { actor, page });
      await refuseEnded(transaction, actor, now);
      await refuseWhileHeld(transaction, actor.accountId, now);
      if (proof !== undefined) await consumeProof(transaction, proof, now);
      if (factor === 'password' && (await hasSecondFactor(transaction, actor.accountId)))
        throw factorNeeded();
      if (!(await approve(transaction, approval, { accountId: actor.accountId, factor }, now))) {
        throw new Refusal('conflict', 'this request was answered meanwhile');
      }
      await record(transaction, now, { tag: 'approval:granted', actor, approval, factor });
    });
    return approval;
  });
}

/** Takes no factor: saying no must be easy. */
export async function denyApproval(services: Services, decider: Decider): Promise<Approval> {
  const { actor } = decider;
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const approval = await getOwnApproval(services, transaction, decider);
    await refuseEnded(transaction, actor, now);
    if (!(await deny(transaction, approval, now))) {
      throw new Refusal('conflict', 'this request was answered meanwhile');
    }
    await record(transaction, now, { tag: 'approval:denied', actor, approval });
    return approval;
  });
}

async function getOwnApproval(services: Services, db: Read, { actor, page }: Decider): Promise<Approval> {
  const approval = await getOpenApproval(services, db, page);
  if (!isAsked(approval, actor)) throw new Refusal('not_owner', 'this request was made by another account');
  return approval;
}

async function refuseEnded(transaction: Write, { credential }: Actor, now: number): Promise<void> {
  if (credential.kind === 'session' && !(await isSessionEnded(transaction, credential.id, now))) return;
  throw new Refusal('unauthenticated', 'this session has ended: log in again');
}

interface Decided {
  readonly tag: 'approval:granted' | 'approval:denied';
  readonly actor: Actor;
  readonly approval: Approval;
  readonly factor?: ProofFactor;
}

async function record(
  transaction: Write,
  now: number,
  { tag, actor, approval, factor }: Decided,
): Promise<void> {
  const { action, subject, details } = parseAct(approval.act);
  await recordEvent(transaction, now, {
    tag,
    actor: actor.name,
    subject: subject === '' ? actor.name : subject,
    details: { ...details, action, agent: approval.agent, ...(factor && { factor }) },
  });
}

function factorNeeded(): Refusal {
  return new Refusal('otp_required', 'approving this takes a second factor');
}
