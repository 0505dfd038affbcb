import { type Selectable, sql } from 'kysely';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { OutboxRow } from '../store/schema-people.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import type { MailFailure } from './transport.ts';

/** Which mail is whose to send, and what came of it: the outbox as its workers see it. */
export type Mail = Selectable<OutboxRow>;

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Longer than any sending takes (`transports.ts`). */
const claimLifetime = 5 * minute;

const firstWait = minute;
const longestWait = 6 * hour;

/** With the waits above about four days, as RFC 5321 §4.5.4.1 has it. Then it is kept, for the operator to see. */
export const mostAttempts = 24;

/** Sent mails are forgotten after that: the outbox is no archive of who got what. */
const keepSent = 7 * 24 * hour;

/** So many that one after the other they are sent while the claim lasts. Each claim is a commit that others wait for. */
export const mostClaimed = 4;

/** A mail that was claimed, and what came of it. */
export interface Outcome {
  readonly mail: Mail;
  readonly result: 'sent' | 'untried' | MailFailure;
}

/** When a mail that failed `attempts` times is tried again, in milliseconds from then. */
export function waitAfter(attempts: number): number {
  return Math.min(firstWait * 2 ** (attempts - 1), longestWait);
}

/** Notes what came of some mails and claims the next ones, in one transaction. */
export async function settleAndClaim(
  { database, clock }: Pick<Services, 'database' | 'clock'>,
  outcomes: readonly Outcome[],
  goOn: boolean,
): Promise<Mail[]> {
  // Asked without the lock: most of the time there is nothing.
  if (outcomes.length === 0 && (!goOn || (await due.first(database.read, { now: clock() })) === undefined))
    return [];
  return await database.write(async (transaction) => {
    const now = clock();
    for (const outcome of outcomes) await settle(transaction, outcome, now);
    return goOn ? await claimNext(transaction, now) : [];
  });
}

async function claimNext(transaction: Write, now: number): Promise<Mail[]> {
  const claimedUntil = now + claimLifetime;
  const mails = await due.all(transaction, { now });
  for (const { id } of mails) await claim.run(transaction, { id, claimedUntil });
  return mails.map((mail) => ({ ...mail, claimed_until: claimedUntil }));
}

const due = statement((db, { now }: Placeholders<{ now: number }>) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('sent_at', 'is', null)
    .where('next_at', '<=', now)
    .where('claimed_until', '<=', now)
    .where('attempts', '<', sql.lit(mostAttempts))
    .orderBy('id')
    .limit(sql.lit(mostClaimed)),
);

const claim = statement((db, { id, claimedUntil }: Placeholders<{ id: number; claimedUntil: number }>) =>
  db.updateTable('outbox').set({ claimed_until: claimedUntil }).where('id', '=', id),
);

/** Unless somebody else has claimed it since. */
const giveBack = statement((db, { id, claimedUntil }: Placeholders<{ id: number; claimedUntil: number }>) =>
  db
    .updateTable('outbox')
    .set({ claimed_until: 0 })
    .where('id', '=', id)
    .where('claimed_until', '=', claimedUntil),
);

async function settle(transaction: Write, { mail, result }: Outcome, now: number): Promise<void> {
  if (result === 'sent') await markSent(transaction, mail, now);
  else if (result === 'untried')
    await giveBack.run(transaction, { id: mail.id, claimedUntil: mail.claimed_until });
  else await markFailed(transaction, mail, result.message, now);
}

/** The link is in the mail now and nowhere else. */
async function markSent(transaction: Write, mail: Mail, now: number): Promise<void> {
  await putSent.run(transaction, { id: mail.id, now });
  await forgetSent.run(transaction, { before: now - keepSent });
}

const putSent = statement((db, { id, now }: Placeholders<{ id: number; now: number }>) =>
  db.updateTable('outbox').set({ sent_at: now, content: '{}', failure: null }).where('id', '=', id),
);

const forgetSent = statement((db, { before }: Placeholders<{ before: number }>) =>
  db.deleteFrom('outbox').where('sent_at', '<', before),
);

async function markFailed(transaction: Write, mail: Mail, failure: string, now: number): Promise<void> {
  const attempts = mail.attempts + 1;
  await transaction
    .updateTable('outbox')
    .set({ attempts, failure, next_at: now + waitAfter(attempts), claimed_until: 0 })
    .where('id', '=', mail.id)
    // Whoever was slow enough for somebody else to claim it has nothing to say any more.
    .where('claimed_until', '=', mail.claimed_until)
    .where('sent_at', 'is', null)
    .execute();
}
