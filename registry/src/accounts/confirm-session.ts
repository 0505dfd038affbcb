import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import { sessionContext } from './browser-log-in.ts';
import { checkPassword } from './check-password.ts';
import { finishAuthentication } from './passkeys/authenticate.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import { checkCode, consumeProof, type Proof } from './second-factor/proof.ts';
import { type NewSession, type Session, stepUp } from './sessions.ts';

/**
 * Confirming that it is still the same person, before anything that decides over the account or its packages:
 * with a factor where the account has one, with the password where it has none. Good for ten minutes
 * (`session-proof.ts`). The answer is the session's new cookie.
 */
export interface Confirmation {
  readonly session: Session;
  /** The value of the cookie so far. */
  readonly secret: string;
}

export async function confirmWithCode(
  services: Services,
  confirmation: Confirmation,
  presented: { readonly code: string; readonly receivedAt: number },
): Promise<string> {
  const { accountId, accountName } = confirmation.session;
  return await confirm(services, confirmation, async () => {
    const act = { action: 'confirm', subject: accountName, details: {} };
    const proof = await checkCode(services, { accountId, accountName, ...presented, act });
    // No approval is for this act, so it was a code.
    return { factor: 'totp', proof };
  });
}

export async function confirmWithPasskey(
  services: Services,
  confirmation: Confirmation,
  response: unknown,
): Promise<string> {
  const { accountId, id } = confirmation.session;
  return await confirm(services, confirmation, async () => {
    const question = { purpose: 'confirm', accountId, context: sessionContext(id), response } as const;
    await finishAuthentication(services, question);
    return { factor: 'passkey' };
  });
}

/** Throws `otp_required` for an account with a second factor: there a password confirms nothing. */
export async function confirmWithPassword(
  services: Services,
  confirmation: Confirmation,
  presented: { readonly password: string; readonly address: string },
): Promise<string> {
  const { accountId, accountName: name } = confirmation.session;
  return await confirm(services, confirmation, async () => {
    if (await hasSecondFactor(services.database.read, accountId)) throw factorNeeded();
    await checkPassword(services, { name, ...presented });
    return { factor: 'password' };
  });
}

interface Confirmed {
  readonly factor: NonNullable<NewSession['provedWith']>;
  /** Where there is something left to use up. */
  readonly proof?: Proof;
}

async function confirm(
  services: Services,
  { session, secret }: Confirmation,
  check: () => Promise<Confirmed>,
): Promise<string> {
  const { accountId, accountName: name } = session;
  const attempt = { tag: 'session:confirm-refused', actor: name, subject: name } as const;
  return await logRefusals(services, attempt, async () => {
    const { factor, proof } = await check();
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      if (proof !== undefined) await consumeProof(transaction, proof, now);
      // Enrolled meanwhile.
      if (factor === 'password' && (await hasSecondFactor(transaction, accountId))) throw factorNeeded();
      const next = await stepUp(transaction, { secret, provedWith: factor, now });
      if (next === undefined) throw new Refusal('unauthenticated', 'this session has ended: log in again');
      const details = { factor };
      await recordEvent(transaction, now, { tag: 'session:confirmed', actor: name, subject: name, details });
      return next;
    });
  });
}

function factorNeeded(): Refusal {
  return new Refusal('otp_required', 'this account has a second factor: confirm with that');
}
