import type { Read, Write } from '../../store/database.ts';
import type { TotpFactorRow } from '../../store/schema.ts';
import { type Placeholders, statement } from '../../store/statement.ts';

export type FactorMode = TotpFactorRow['mode'];

/** The second factors of an account that count. A pending enrolment does not. */
export interface Factors {
  readonly totp: TotpFactorRow | undefined;
  readonly passkeys: number;
  /** When a factor is asked for; nothing for an account without one. */
  readonly mode: FactorMode | undefined;
}

export async function findFactors(db: Read, accountId: number): Promise<Factors> {
  const totp = await findFactor(db, accountId, 'active');
  const { passkeys } = await passkeysOf.get(db, { accountId });
  // Passkeys have no mode of their own: alone they are asked for at every write.
  const mode = totp?.mode ?? (passkeys > 0 ? 'auth-and-writes' : undefined);
  return { totp, passkeys: Number(passkeys), mode };
}

const passkeysOf = statement((db, { accountId }: Placeholders<{ accountId: number }>) =>
  db
    .selectFrom('passkeys')
    .select((eb) => eb.fn.countAll<number>().as('passkeys'))
    .where('account_id', '=', accountId),
);

export async function hasSecondFactor(db: Read, accountId: number): Promise<boolean> {
  return (await findFactors(db, accountId)).mode !== undefined;
}

export async function findFactor(
  db: Read,
  accountId: number,
  state: TotpFactorRow['state'],
): Promise<TotpFactorRow | undefined> {
  return await factorOf.first(db, { accountId, state });
}

const factorOf = statement(
  (db, { accountId, state }: Placeholders<{ accountId: number; state: TotpFactorRow['state'] }>) =>
    db.selectFrom('totp_factors').selectAll().where('account_id', '=', accountId).where('state', '=', state),
);

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

/** Forgets an enrolment that was begun and not confirmed. */
export async function dropPending(transaction: Write, accountId: number): Promise<void> {
  await transaction
    .deleteFrom('totp_factors')
    .where('account_id', '=', accountId)
    .where('state', '=', 'pending')
    .execute();
}
