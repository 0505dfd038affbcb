import type { Read, Write } from '../store/database.ts';
import { mostAttempts } from './claims.ts';

/** For the operator: what was not sent. */
export interface WaitingMail {
  readonly id: number;
  readonly recipient: string;
  readonly template: string;
  readonly createdAt: number;
  readonly attempts: number;
  /** When it is tried again; nothing where it was given up. */
  readonly nextAt: number | undefined;
  readonly failure: string | null;
}

export async function listWaitingMail(db: Read): Promise<WaitingMail[]> {
  const rows = await db
    .selectFrom('outbox')
    .select(['id', 'recipient', 'template', 'created_at', 'attempts', 'next_at', 'failure'])
    .where('sent_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ created_at, next_at, ...row }) => ({
    ...row,
    createdAt: created_at,
    nextAt: row.attempts < mostAttempts ? next_at : undefined,
  }));
}

/** Makes everything that waits due now, what was given up too. */
export async function retryMail(transaction: Write, now: number): Promise<number> {
  const result = await transaction
    .updateTable('outbox')
    .set({ attempts: 0, next_at: now })
    .where('sent_at', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
