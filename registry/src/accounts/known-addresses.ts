import { createHash } from 'node:crypto';
import { recordEvent } from '../audit/log.ts';
import { mailAccount } from '../mail/outbox.ts';
import type { Write } from '../store/database.ts';

export interface Sighting {
  readonly accountId: number;
  readonly name: string;
  readonly address: string;
  /** What the token is called that was used or made. */
  readonly token: string;
  readonly program: string;
}

/** Remembers where an account was used from, and tells its owner of a place that is new, once. */
export async function noteAddress(transaction: Write, now: number, sighting: Sighting): Promise<void> {
  const { accountId, name, address, token, program } = sighting;
  const known = await transaction
    .selectFrom('known_addresses')
    .select('address')
    .where('account_id', '=', accountId)
    .execute();
  const hash = hashAddress(accountId, address);
  if (known.some((row) => row.address === hash)) return;
  const row = { account_id: accountId, address: hash, first_seen_at: now };
  await transaction.insertInto('known_addresses').values(row).execute();
  // The first address of all is the one where the account was made: there is nothing to compare it with.
  if (known.length === 0) return;
  await recordEvent(transaction, now, {
    tag: 'account:new-address',
    actor: name,
    subject: name,
    details: { token },
  });
  await mailAccount(transaction, now, accountId, {
    template: 'new-address',
    values: { token, program, address },
  });
}

/** Not the address itself: what an account's places were is nothing a copy of the database should tell at once. */
function hashAddress(accountId: number, address: string): string {
  return createHash('sha256').update(`${accountId} ${address}`).digest('hex');
}
