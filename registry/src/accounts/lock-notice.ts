import { mailAccount } from '../mail/outbox.ts';
import type { Write } from '../store/database.ts';
import { oneTimePasswordLimit } from './attempts.ts';

/**
 * Tells the owner of an account that its codes are being guessed: when the first wait begins, and when nothing is
 * accepted any more. Not in between, where every further wait would be another mail.
 */
export async function mailLock(
  transaction: Write,
  now: number,
  { accountId, subject }: { readonly accountId: number; readonly subject: string },
): Promise<void> {
  const row = await transaction
    .selectFrom('attempts')
    .select('failures')
    .where('subject', '=', subject)
    .executeTakeFirst();
  const { free, final } = oneTimePasswordLimit;
  if (row?.failures !== free && row?.failures !== final) return;
  await mailAccount(transaction, now, accountId, { template: 'account-locked', values: {} });
}
