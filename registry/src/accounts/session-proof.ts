import { Refusal } from '../errors.ts';
import type { Read } from '../store/database.ts';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import type { Proof } from './second-factor/proof.ts';
import type { ProofFactor } from './second-factor/proof-factor.ts';

/** How long a proof given in a browser session is fresh, in milliseconds: ten minutes, as RubyGems has it. */
export const freshness = 10 * 60 * 1_000;

/**
 * The proof of a session whose person proved who they are a moment ago. Throws `proof_required` otherwise. One
 * that was logged in with a recovery code proves nothing but that its person may replace their factors, and
 * that once the hold it began is over: the caller refuses while it lasts (`refuseWhileHeld`).
 */
export async function sessionProof(
  db: Read,
  { accountId, credential }: Actor,
  act: Pick<Act, 'action'>,
  now: number,
): Promise<Proof> {
  const session = await db
    .selectFrom('sessions')
    .select(['proved_at', 'proved_with', 'factor', 'created_at'])
    .where('id', '=', credential.id)
    .executeTakeFirst();
  const recovered = session?.factor === 'recovery-code' && act.action.startsWith('factor:');
  const provedAt = session?.proved_at ?? (recovered ? session.created_at : null);
  if (provedAt === null || provedAt + freshness < now) {
    throw proofRequired();
  }
  // Enrolled since: from then on a password is no proof, in whichever browser it was given.
  if (session?.proved_with === 'password' && (await hasSecondFactor(db, accountId))) throw proofRequired();
  return {
    kind: 'session',
    factor: (session?.proved_with ?? 'recovery-code') as ProofFactor,
    expiresAt: provedAt + freshness,
  };
}

function proofRequired(): Refusal {
  return new Refusal('proof_required', 'confirm that it is you, then repeat this');
}

export async function isSessionEnded(db: Read, sessionId: number, now: number): Promise<boolean> {
  const open = await db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('state', '=', 'full')
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return open === undefined;
}
