import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import { chargeAttempt, leakReportLimit } from '../attempts.ts';
import { hashToken, isWellFormedToken } from '../tokens.ts';
import { senderOf } from './networks.ts';

export interface LeakReport {
  readonly tokens: readonly string[];
  /** Where they were found, in the reporter's words. */
  readonly source: string | undefined;
  /** Who reports it. */
  readonly address: string;
}

/**
 * Revokes tokens that somebody found where others can read them, whoever reports it: whoever has a token could
 * use it, so revoking it is the least they can do. Says nothing of which of them were there.
 */
export async function reportLeakedTokens(services: Services, report: LeakReport): Promise<void> {
  const hashes = new Set(report.tokens.filter(isWellFormedToken).map(hashToken));
  const blocked = await services.database.write(async (transaction): Promise<Refusal | undefined> => {
    const now = services.clock();
    const subject = `leak-report:${senderOf(report.address)}`;
    const refusal = await chargeAttempt(transaction, subject, leakReportLimit, now);
    if (refusal !== undefined) return refusal;
    for (const hash of hashes) await revokeLeaked(transaction, hash, report, now);
    return undefined;
  });
  if (blocked instanceof Refusal) throw blocked;
}

async function revokeLeaked(
  transaction: Write,
  hash: string,
  { source }: LeakReport,
  now: number,
): Promise<void> {
  const revoked = await transaction
    .updateTable('tokens')
    .set({ revoked_at: now, revoked_for: 'leaked' })
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .returning(['account_id', 'label'])
    .executeTakeFirst();
  if (revoked === undefined) return;
  const { name } = await transaction
    .selectFrom('accounts')
    .select('name')
    .where('id', '=', revoked.account_id)
    .executeTakeFirstOrThrow();
  const details = { token: revoked.label, source: source ?? null };
  const event = { tag: 'token:leak-reported', actor: 'anonymous', subject: name, details } as const;
  await recordEvent(transaction, now, event);
  await mailAccount(transaction, now, revoked.account_id, {
    template: 'token-leaked',
    values: { token: revoked.label },
  });
}
