import type { Read, Write } from '../store/database.ts';
import { type Act, actText } from './act.ts';

/**
 * Many releases that a person approves at once: one act that names each of them with its digest. Its proof is
 * good once for each, and for nothing that is not listed.
 */
const action = 'publish:batch';

/** Long enough to upload a workspace, in milliseconds. A person is asked once for all of it. */
export const batchLifetime = 30 * 60 * 1_000;

/** The act that stands for all of these, each of which publishes one release. */
export function batchOf(account: string, acts: readonly Act[]): Act {
  const details = acts.map(({ subject, details: { sha256 = '' } }) => [subject, sha256] as const);
  return { action, subject: account, details: Object.fromEntries(details) };
}

export function isBatch(act: Pick<Act, 'action'>): boolean {
  return act.action === action;
}

/** The acts a batch stands for; of any other act, itself. */
export function actsIn(act: Act): Act[] {
  if (!isBatch(act)) return [act];
  return Object.entries(act.details).map(([subject, sha256]) => ({
    action: 'publish',
    subject,
    details: { sha256 },
  }));
}

/** Whether what was approved is what is asked for, or lists it. */
export function covers(approved: Act, asked: Act): boolean {
  const text = actText(asked);
  return actText(approved) === text || actsIn(approved).some((act) => actText(act) === text);
}

export async function isUsed(db: Read, approvalId: number, act: Act): Promise<boolean> {
  const use = await db
    .selectFrom('approval_uses')
    .select('used_at')
    .where('approval_id', '=', approvalId)
    .where('act', '=', actText(act))
    .executeTakeFirst();
  return use !== undefined;
}

/** Uses a batch's proof up for one of its releases: a row with a unique key, so that of two at once one counts. */
export async function consumeUse(
  transaction: Write,
  approvalId: number,
  act: Act,
  now: number,
): Promise<boolean> {
  const live = await transaction
    .selectFrom('approvals')
    .select('id')
    .where('id', '=', approvalId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (live === undefined) return false;
  const result = await transaction
    .insertInto('approval_uses')
    .values({ approval_id: approvalId, act: actText(act), used_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}
