import { randomBytes } from 'node:crypto';
import type { Write } from '../../store/database.ts';

/** What an assertion is asked for. One given for one purpose is worth nothing for another. */
export type AuthenticationPurpose = 'login' | 'second-factor' | 'confirm' | 'approve';

export interface ChallengeBinding {
  readonly purpose: AuthenticationPurpose | 'register';
  /** Nobody yet, where the passkey is what says who it is. */
  readonly accountId: number | undefined;
  /** What else it is bound to, such as a session or an approval. */
  readonly context: string;
}

/** Five minutes, in milliseconds: what WebAuthn Level 3 §15.1 recommends at least where a user verifies. */
export const challengeLifetime = 5 * 60 * 1_000;

/** 256 bits; WebAuthn Level 3 §13.4.3 wants 128. */
export async function issueChallenge(
  transaction: Write,
  { purpose, accountId, context }: ChallengeBinding,
  now: number,
): Promise<string> {
  // Nothing refers to one that is over, and whoever asks for many must not fill the database.
  await transaction.deleteFrom('webauthn_challenges').where('expires_at', '<=', now).execute();
  const challenge = randomBytes(32).toString('base64url');
  const row = {
    challenge,
    purpose,
    account_id: accountId ?? null,
    context,
    created_at: now,
    expires_at: now + challengeLifetime,
    used_at: null,
  };
  await transaction.insertInto('webauthn_challenges').values(row).execute();
  return challenge;
}

/**
 * Uses a challenge up, whatever comes of the answer to it: the one statement that makes it work once. False when
 * it was used before, has expired, or was made for something or somebody else.
 */
export async function consumeChallenge(
  transaction: Write,
  challenge: string,
  { purpose, accountId, context }: ChallengeBinding,
  now: number,
): Promise<boolean> {
  const result = await transaction
    .updateTable('webauthn_challenges')
    .set({ used_at: now })
    .where('challenge', '=', challenge)
    .where('purpose', '=', purpose)
    .where('account_id', 'is', accountId ?? null)
    .where('context', '=', context)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
