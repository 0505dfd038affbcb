import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import { getAccount } from '../accounts.ts';
import type { Requester } from '../actor.ts';
import { endApprovals } from '../approvals.ts';
import { clearAttempts } from '../attempts.ts';
import { changeAccount } from '../change-account.ts';
import { checkNewPassword } from '../passwords.ts';
import { endOtherSessions } from '../sessions.ts';
import { revokeOtherTokens } from '../tokens.ts';
import { type Demand, demandProof, settleProof } from './demand.ts';
import { mailAboutApp } from './enrolment.ts';
import { dropPending, findFactors } from './factors.ts';
import { codeAttempts } from './proof.ts';
import { replaceRecoveryCodes } from './recovery-codes.ts';
import { refuseWhereRequired } from './requirements.ts';

/**
 * Removes the authenticator app, which takes a code, and any pending enrolment, which does not. Where it is the
 * last factor, the password must be one that can stand alone.
 */
export async function disableFactor(
  services: Services,
  requester: Requester,
  password: string,
): Promise<void> {
  await changeAccount(services, requester.actor, () => attemptDisable(services, requester, password));
}

async function attemptDisable(services: Services, requester: Requester, password: string): Promise<void> {
  const { actor } = requester;
  const act = { action: 'factor:disable', subject: actor.name, details: { factor: 'totp' } };
  const demand: Demand = { kind: 'governance', why: 'removing the second factor needs it', act };
  const proof = await demandProof(services, requester, demand);
  await services.database.write(async (transaction) => {
    const now = services.clock();
    await dropPending(transaction, actor.accountId);
    await settleProof(transaction, { actor, demand, proof, now });
    const { totp, passkeys } = await findFactors(transaction, actor.accountId);
    if (totp === undefined && passkeys > 0) {
      const text =
        'the second factor of this account is a passkey: remove it on its security page, in a browser';
      throw new Refusal('conflict', text);
    }
    if (totp === undefined) return;
    if (passkeys === 0) {
      await refuseWhereRequired(transaction, actor.accountId);
      checkNewPassword(password, { secondFactor: false });
      await removeRecoveryCodes(transaction, actor.accountId);
    }
    await removeApp(transaction, actor.accountId);
    await recordEvent(transaction, now, { tag: 'factor:disabled', actor: actor.name, subject: actor.name });
    const template = 'factor-removed';
    await mailAboutApp(transaction, now, requester, { template, factor: 'authenticator app' });
  });
}

/** For an operator, who has checked by other means who is asking. Ends every login too, and what was approved for one. */
export async function resetFactorByOperator(services: Services, accountId: number): Promise<boolean> {
  return await services.database.write(async (transaction) => {
    const account = await getAccount(transaction, accountId);
    const { mode } = await findFactors(transaction, accountId);
    await dropPending(transaction, accountId);
    await removeApp(transaction, accountId);
    await removeRecoveryCodes(transaction, accountId);
    await transaction.deleteFrom('passkeys').where('account_id', '=', accountId).execute();
    await clearAttempts(transaction, codeAttempts(accountId));
    const now = services.clock();
    await revokeOtherTokens(transaction, accountId, now);
    await endOtherSessions(transaction, { accountId, now });
    await endApprovals(transaction, accountId, now);
    const event = { tag: 'factor:reset-by-operator', actor: 'operator', subject: account.name } as const;
    await recordEvent(transaction, now, event);
    await mailAccount(transaction, now, accountId, { template: 'factor-reset', values: {} });
    return mode !== undefined;
  });
}

async function removeApp(transaction: Write, accountId: number): Promise<void> {
  await transaction
    .deleteFrom('totp_factors')
    .where('account_id', '=', accountId)
    .where('state', '=', 'active')
    .execute();
}

async function removeRecoveryCodes(transaction: Write, accountId: number): Promise<void> {
  await replaceRecoveryCodes(transaction, accountId, [], 0);
}
