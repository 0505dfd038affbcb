import { Refusal } from '../errors.ts';
import type { Read, Write } from '../store/database.ts';
import { type Placeholders, statement } from '../store/statement.ts';

/**
 * An account that was got back with a recovery code is held: whoever has the paper can look, and its owner has
 * three days to notice the mail. npm's registry holds for as long (72 hours).
 */
export const holdLifetime = 72 * 60 * 60 * 1_000;

const holdOf = statement((db, { accountId }: Placeholders<{ accountId: number }>) =>
  db.selectFrom('accounts').select('hold_until').where('id', '=', accountId),
);

/** Throws `account_held`: nothing is published or changed until the hold ends. */
export async function refuseWhileHeld(db: Read, accountId: number, now: number): Promise<void> {
  const { hold_until } = await holdOf.get(db, { accountId });
  if (hold_until === null || hold_until <= now) return;
  const until = new Date(hold_until).toISOString();
  throw new Refusal('account_held', `this account was recovered and can change nothing until ${until}`);
}

/** For somebody who logs in, perhaps with the code that began the hold. */
export async function holdNotice(db: Read, accountId: number, now: number): Promise<string | undefined> {
  const { hold_until } = await holdOf.get(db, { accountId });
  if (hold_until === null || hold_until <= now) return undefined;
  const until = new Date(hold_until).toISOString();
  return `this account was recovered: it can publish and change nothing until ${until}`;
}

/**
 * For so long after a hold, a further recovery code begins no other one: its session replaces the factors that
 * were lost. Without it whoever lost them would be held for ever, one code after the other.
 */
const servedFor = 7 * 24 * 60 * 60 * 1_000;

/** Holds an account a recovery code was used for, unless it is held, or was until lately. */
export async function holdRecovered(transaction: Write, accountId: number, now: number): Promise<void> {
  const { hold_until } = await holdOf.get(transaction, { accountId });
  if (hold_until !== null && now < hold_until + servedFor) return;
  await holdAccount(transaction, accountId, now + holdLifetime);
}

export async function holdAccount(
  transaction: Write,
  accountId: number,
  until: number | null,
): Promise<void> {
  await transaction.updateTable('accounts').set({ hold_until: until }).where('id', '=', accountId).execute();
}
