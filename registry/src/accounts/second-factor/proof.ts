import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import { type Act, parseAct } from '../act.ts';
import { consumeApproval, findGrantedApproval, isApprovalProof } from '../approvals.ts';
import { chargeAttempt, clearAttempts, oneTimePasswordLimit, refundAttempt } from '../attempts.ts';
import { consumeUse, isBatch } from '../batch.ts';
import { mailLock } from '../lock-notice.ts';
import { consumeStep, findFactor, seedContext } from './factors.ts';
import type { ProofFactor } from './proof-factor.ts';
import { matchStep, normaliseCode } from './totp.ts';

/**
 * A second factor that was checked and not yet used. Checking happens when a request arrives and counts
 * every failure; using happens in the transaction of the act it approves, and only once. So a wrong code is
 * refused before a long upload, and a code is not lost when the act fails for another reason.
 */
export type Proof = CodeProof | ApprovalProof | PasskeyProof | TokenProof | SessionProof;

interface AnyProof {
  readonly factor: ProofFactor;
  /** Milliseconds. A proof that is not used by then is worth nothing. */
  readonly expiresAt: number;
}

/** A one-time password typed for a request, which is what binds it. */
interface CodeProof extends AnyProof {
  readonly kind: 'code';
  readonly factorId: string;
  readonly step: number;
}

/** What a person approved in a browser, or many releases at once: good for exactly that. */
interface ApprovalProof extends AnyProof {
  readonly kind: 'approval';
  readonly approvalId: number;
  /** Which of many it is used for. */
  readonly use: Act | undefined;
}

/** A passkey's answer on the page of the act. Its challenge, bound to that page, is used up already. */
interface PasskeyProof extends AnyProof {
  readonly kind: 'passkey';
  readonly passkeyId: string;
}

/** What a token for one act was made with. Used up with the token: `tokens/one-act.ts`. */
interface TokenProof extends AnyProof {
  readonly kind: 'token';
}

/** A browser session whose person proved who they are a moment ago. Not used up: it expires. */
interface SessionProof extends AnyProof {
  readonly kind: 'session';
}

/** ASVS 5 §6.5.5: an out-of-band or one-time proof lives for at most ten minutes. */
export const proofLifetime = 10 * 60 * 1_000;

/** The subject under which wrong codes of an account are counted, whichever way they come in. */
export function codeAttempts(accountId: number): string {
  return `otp:${accountId}`;
}

export interface PresentedCode {
  readonly accountId: number;
  readonly accountName: string;
  readonly code: string;
  readonly receivedAt: number;
  /** What it is to prove. */
  readonly act: Act;
}

/** Checks a code. Throws `otp_refused` or `otp_throttled`, `factor_not_enrolled` where there is no factor. */
export async function checkCode(services: Services, presented: PresentedCode): Promise<Proof> {
  const { accountId, accountName } = presented;
  const outcome = await services.database.write(async (transaction): Promise<Proof | Refusal> => {
    const now = services.clock();
    const blocked = await chargeAttempt(transaction, codeAttempts(accountId), oneTimePasswordLimit, now);
    const proof = blocked ?? (await match(services, transaction, presented));
    if (proof instanceof Refusal) {
      const details = { code: proof.code };
      await recordEvent(transaction, now, {
        tag: 'factor:code-refused',
        actor: accountName,
        subject: accountName,
        details,
      });
      if (blocked === undefined)
        await mailLock(transaction, now, { accountId, subject: codeAttempts(accountId) });
    } else if (proof.kind === 'approval') {
      // It may be shown again and again, and must not forgive wrong codes in between.
      await refundAttempt(transaction, codeAttempts(accountId));
    } else {
      await clearAttempts(transaction, codeAttempts(accountId));
    }
    return proof;
  });
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

async function match(
  services: Services,
  transaction: Write,
  presented: PresentedCode,
): Promise<Proof | Refusal> {
  return isApprovalProof(presented.code)
    ? await matchApproval(services, transaction, presented)
    : await matchCode(services, transaction, presented);
}

async function matchApproval(
  services: Services,
  transaction: Write,
  { code, accountId, act }: PresentedCode,
): Promise<Proof | Refusal> {
  const now = services.clock();
  const approval = await findGrantedApproval(transaction, { proof: code, accountId, act, now });
  if (approval === undefined) return codeRefused();
  const factor = approval.approved_with as ProofFactor;
  const use = isBatch(parseAct(approval.act)) ? act : undefined;
  return { kind: 'approval', factor, approvalId: approval.id, use, expiresAt: approval.expires_at };
}

async function matchCode(
  services: Services,
  transaction: Write,
  presented: PresentedCode,
): Promise<Proof | Refusal> {
  const factor = await findFactor(transaction, presented.accountId, 'active');
  if (factor === undefined) {
    return new Refusal(
      'factor_not_enrolled',
      'this account has no authenticator app to check a code against',
    );
  }
  const code = normaliseCode(presented.code);
  const seed = services.seedKeys.open(factor.seed, seedContext(factor));
  const step = code === undefined ? undefined : matchStep(seed, code, presented.receivedAt);
  if (step === undefined || step <= factor.last_step) return codeRefused();
  return {
    kind: 'code',
    factor: 'totp',
    factorId: factor.id,
    step,
    expiresAt: presented.receivedAt + proofLifetime,
  };
}

/** Uses a proof up. Throws `otp_refused` when it was used before, meanwhile too, or has expired. */
export async function consumeProof(transaction: Write, proof: Proof, now: number): Promise<void> {
  if (now > proof.expiresAt) throw codeRefused();
  if (proof.kind === 'session' || proof.kind === 'token') return;
  if (!(await consume(transaction, proof, now))) throw codeRefused();
}

async function consume(
  transaction: Write,
  proof: Exclude<Proof, SessionProof | TokenProof>,
  now: number,
): Promise<boolean> {
  if (proof.kind === 'code') return await consumeStep(transaction, proof.factorId, proof.step);
  if (proof.kind === 'approval') {
    const { approvalId, use } = proof;
    return use === undefined
      ? await consumeApproval(transaction, approvalId, now)
      : await consumeUse(transaction, approvalId, use, now);
  }
  const passkey = await transaction
    .selectFrom('passkeys')
    .select('id')
    .where('id', '=', proof.passkeyId)
    .executeTakeFirst();
  return passkey !== undefined;
}

function codeRefused(): Refusal {
  // npm decides by the words "one-time pass" where a proxy removed the header.
  return new Refusal('otp_refused', 'this one-time password is wrong, out of time, or was used before');
}
