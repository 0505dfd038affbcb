import { Refusal } from '../../errors.ts';
import type { Write } from '../../store/database.ts';
import { type Act, actText } from '../act.ts';
import type { Credential } from '../actor.ts';
import type { OneAct } from './scopes.ts';

/** Tokens for one act: what `OneAct` says, kept. */

/** The act of changing owners, whoever they are: cargo tells its credential provider no names. */
export const ownersAction = 'owners';

/** Whether what is asked is what the token was made for. */
export function isBoundTo({ act }: OneAct, asked: Act): boolean {
  if (act.action === ownersAction) return asked.subject === act.subject && /^owner:/.test(asked.action);
  return actText(act) === actText(asked);
}

/** Ends the token with its use: the one statement that makes it work once. Throws `unauthenticated`. */
export async function useUp(transaction: Write, { id }: Credential, now: number): Promise<void> {
  const result = await transaction
    .updateTable('tokens')
    .set({ revoked_at: now, revoked_for: 'used' })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n)
    throw new Refusal('unauthenticated', 'this token was used before, or has expired');
}

/** Ends all of an account that were not used yet. */
export async function endOneActTokens(transaction: Write, accountId: number, now: number): Promise<void> {
  await transaction
    .updateTable('tokens')
    .set({ revoked_at: now })
    .where('account_id', '=', accountId)
    .where('act', 'is not', null)
    .where('revoked_at', 'is', null)
    .execute();
}
