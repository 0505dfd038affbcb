import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import { chargeAttempt, clearAttempts, oneTimePasswordLimit } from '../attempts.ts';
import { consumeStep, findActiveFactor, seedContext } from './factors.ts';
import { matchStep, normaliseCode } from './totp.ts';

/**
 * A second factor that was checked and not yet used. Checking happens when a request arrives and counts
 * every failure; using happens in the transaction of the act it approves, and only once. So a wrong code is
 * refused before a long upload, and a code is not lost when the act fails for another reason.
 */
export interface Proof {
  readonly kind: 'totp';
  readonly accountId: number;
  readonly factorId: string;
  readonly step: number;
  /** Milliseconds. A proof that is not used by then is worth nothing. */
  readonly expiresAt: number;
}

/** ASVS 5 §6.5.5: an out-of-band or one-time proof lives for at most ten minutes. */
const proofLifetime = 10 * 60 * 1_000;

/** The subject under which wrong codes of an account are counted, whichever way they come in. */
export function codeAttempts(accountId: number): string {
  return `otp:${accountId}`;
}

export interface PresentedCode {
  readonly accountId: number;
  readonly accountName: string;
  readonly code: string;
  readonly receivedAt: number;
}

/** Checks a code. Throws `otp_refused` or `otp_throttled`, `factor_not_enrolled` where there is no factor. */
export async function checkCode(services: Services, presented: PresentedCode): Promise<Proof> {
  const { accountId, accountName } = presented;
  const outcome = await services.database.write(async (transaction): Promise<Proof | Refusal> => {
    const now = services.clock();
    const blocked = await chargeAttempt(transaction, codeAttempts(accountId), oneTimePasswordLimit, now);
    const proof = blocked ?? (await matchCode(services, transaction, presented));
    if (proof instanceof Refusal) {
      const details = { code: proof.code };
      await recordEvent(transaction, now, {
        tag: 'factor:code-refused',
        actor: accountName,
        subject: accountName,
        details,
      });
    } else {
      await clearAttempts(transaction, codeAttempts(accountId));
    }
    return proof;
  });
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

async function matchCode(
  services: Services,
  transaction: Write,
  presented: PresentedCode,
): Promise<Proof | Refusal> {
  const factor = await findActiveFactor(transaction, presented.accountId);
  if (factor === undefined) {
    return new Refusal('factor_not_enrolled', 'this account has no second factor to check a code against');
  }
  const code = normaliseCode(presented.code);
  const seed = services.seedKeys.open(factor.seed, seedContext(factor));
  const step = code === undefined ? undefined : matchStep(seed, code, presented.receivedAt);
  if (step === undefined || step <= factor.last_step) return codeRefused();
  return {
    kind: 'totp',
    accountId: presented.accountId,
    factorId: factor.id,
    step,
    expiresAt: presented.receivedAt + proofLifetime,
  };
}

/** Uses a proof up. Throws `otp_refused` when it was used before, meanwhile too, or has expired. */
export async function consumeProof(transaction: Write, proof: Proof, now: number): Promise<void> {
  if (now > proof.expiresAt) throw codeRefused();
  if (!(await consumeStep(transaction, proof.factorId, proof.step))) throw codeRefused();
}

function codeRefused(): Refusal {
  // npm decides by the words "one-time pass" where a proxy removed the header.
  return new Refusal('otp_refused', 'this one-time password is wrong, out of time, or was used before');
}

export function codeRequired(why: string): Refusal {
  return new Refusal('otp_required', `You must provide a one-time password: ${why}`);
}
