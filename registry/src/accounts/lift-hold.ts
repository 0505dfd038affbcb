import { recordEvent } from '../audit/log.ts';
import { mailAccount } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import { getAccount } from './accounts.ts';
import { holdAccount } from './hold.ts';

/** For an operator, who has checked by other means who is asking. False where nothing was held. */
export async function liftHoldByOperator(services: Services, accountId: number): Promise<boolean> {
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const { name, hold_until } = await getAccount(transaction, accountId);
    if (hold_until === null || hold_until <= now) return false;
    await holdAccount(transaction, accountId, null);
    await recordEvent(transaction, now, { tag: 'account:hold-lifted', actor: 'operator', subject: name });
    await mailAccount(transaction, now, accountId, { template: 'hold-lifted', values: {} });
    return true;
  });
}
