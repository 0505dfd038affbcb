import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import { spellTime } from '../../mail/render.ts';
import type { Write } from '../../store/database.ts';
import type { Program } from '../actor.ts';
import { holdLifetime } from '../hold.ts';
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
  await mailAccount(transaction, now, accountId, {
    template: 'recovery-code-used',
    values: {
      until: spellTime(now + holdLifetime),
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
