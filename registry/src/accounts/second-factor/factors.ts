import type { Read, Write } from '../../store/database.ts';
import type { TotpFactorRow } from '../../store/schema.ts';

export type FactorMode = TotpFactorRow['mode'];

/** The active factor of an account, if it has one. A pending enrolment is not a factor. */
export async function findActiveFactor(db: Read, accountId: number): Promise<TotpFactorRow | undefined> {
  return await findFactor(db, accountId, 'active');
}

export async function findFactor(
  db: Read,
  accountId: number,
  state: TotpFactorRow['state'],
): Promise<TotpFactorRow | undefined> {
  return await db
    .selectFrom('totp_factors')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('state', '=', state)
    .executeTakeFirst();
}

/** What a sealed seed is bound to. */
export function seedContext(factor: { id: string; account_id: number }): string {
  return `totp:${factor.account_id}:${factor.id}`;
}

/**
 * Accepts a time step: the one statement that makes a code work once, whoever sends it from wherever at the
 * same time. False when this step or a later one was accepted before, or the factor is gone.
 */
export async function consumeStep(transaction: Write, factorId: string, step: number): Promise<boolean> {
  const result = await transaction
    .updateTable('totp_factors')
    .set({ last_step: step })
    .where('id', '=', factorId)
    .where('state', '=', 'active')
    .where('last_step', '<', step)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
