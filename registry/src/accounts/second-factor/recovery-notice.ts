import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import { spellTime } from '../../mail/render.ts';
import type { Write } from '../../store/database.ts';
import { getAccount } from '../accounts.ts';
import type { Program } from '../actor.ts';
import { countRecoveryCodes } from './replace-recovery-codes.ts';

/** With so many codes left it is time for new ones. */
const few = 3;

/** Tells the owner of an account that one of its recovery codes was used, in the transaction that used it. */
export async function mailRecovery(
  transaction: Write,
  now: number,
  { accountId, program }: { readonly accountId: number; readonly program: Program },
): Promise<void> {
  const left = await countRecoveryCodes(transaction, accountId);
  const { hold_until } = await getAccount(transaction, accountId);
  const held = hold_until !== null && hold_until > now;
  await mailAccount(transaction, now, accountId, {
    template: held ? 'recovery-code-used' : 'recovery-code-used-again',
    values: {
      ...(held && { until: spellTime(hold_until) }),
      left: String(left),
      ...fromProgram(program),
    },
  });
  if (left > few) return;
  await mailAccount(transaction, now, accountId, {
    template: 'recovery-codes-low',
    values: { left: String(left) },
  });
}
