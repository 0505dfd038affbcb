import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
import type { Requester } from '../actor.ts';
import { changeAccount } from '../change-account.ts';
import { type Demand, demandProof, settleProof } from './demand.ts';
import { hasSecondFactor } from './factors.ts';
import { generateRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';

export async function countRecoveryCodes(db: Read, accountId: number): Promise<number> {
  const { left } = await db
    .selectFrom('recovery_codes')
    .select((eb) => eb.fn.countAll<number>().as('left'))
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(left);
}

/** New recovery codes for those an account has, which nobody can see again. Takes the second factor. */
export async function renewRecoveryCodes(services: Services, requester: Requester): Promise<string[]> {
  const { actor } = requester;
  const act = { action: 'factor:renew-recovery-codes', subject: actor.name, details: {} };
  const demand: Demand = { kind: 'governance', why: 'new recovery codes need it', act };
  return await changeAccount(services, actor, async () => {
    const proof = await demandProof(services, requester, demand);
    const codes = generateRecoveryCodes();
    const hashes = await Promise.all(codes.map((code) => services.passwords.hash(code)));
    await services.database.write(async (transaction) => {
      const now = services.clock();
      await settleProof(transaction, { actor, demand, proof, now });
      if (!(await hasSecondFactor(transaction, actor.accountId))) {
        throw new Refusal(
          'factor_not_enrolled',
          'recovery codes stand in for a second factor: enrol one first',
        );
      }
      await replaceRecoveryCodes(transaction, actor.accountId, hashes, now);
      const event = {
        tag: 'factor:recovery-codes-replaced',
        actor: actor.name,
        subject: actor.name,
      } as const;
      await recordEvent(transaction, now, event);
      const message = {
        template: 'recovery-codes-replaced',
        values: fromProgram(requester.program),
      } as const;
      await mailAccount(transaction, now, actor.accountId, message);
    });
    return codes;
  });
}
