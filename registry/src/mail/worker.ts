import { setTimeout as sleep } from 'node:timers/promises';
import { type Selectable, sql } from 'kysely';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { OutboxRow } from '../store/schema-people.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { renderMail } from './render.ts';
import { type TemplateName, templates } from './templates.ts';
import { MailFailure, type MailTransport } from './transport.ts';

/**
 * Sends what is in the outbox. A worker claims a mail before it sends it, so that no two send the same one on
 * purpose; a mail whose worker died is claimed again later. What was handed over and not yet marked when that
 * happened goes out twice, under the same Message-ID: once at least, for no protocol gives exactly once.
 */
type Mail = Selectable<OutboxRow>;

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

/** How often the outbox is looked at, in milliseconds. */
const pause = 2 * second;

type Needed = Pick<Services, 'database' | 'clock' | 'settings' | 'log'>;

/** So many that one after the other they are sent while the claim lasts. Each claim is a commit that others wait for. */
const mostClaimed = 4;

/**
 * How long it waits after so many, in milliseconds: eighty mails a second are enough, and whoever publishes meanwhile
 * has the disk to themselves for most of the time.
 */
const breath = 50;

/** A mail that was claimed, and what came of it. */
interface Outcome {
  readonly mail: Mail;
  readonly result: 'sent' | 'untried' | MailFailure;
}

/** Sends everything that is due, oldest first, until nothing is left or the server is out of reach. */
export async function sendDueMail(
  services: Needed,
  transport: MailTransport,
  stopping?: AbortSignal,
): Promise<number> {
  let sent = 0;
  let outcomes: readonly Outcome[] = [];
  for (;;) {
    const goOn = !stopping?.aborted && outcomes.every(({ result }) => allowsOthers(result));
    const claimed = await settleAndClaim(services, outcomes, goOn);
    if (claimed.length === 0) return sent;
    outcomes = await sendEach(services, transport, claimed, stopping);
    if (claimed.length === mostClaimed) await sleep(breath, undefined, { signal: stopping }).catch(() => {});
    sent += outcomes.filter(({ result }) => result === 'sent').length;
  }
}

/** When a mail that failed `attempts` times is tried again, in milliseconds from then. */
export function waitAfter(attempts: number): number {
  return Math.min(firstWait * 2 ** (attempts - 1), longestWait);
}

function allowsOthers(result: Outcome['result']): boolean {
  return result === 'sent' || (result instanceof MailFailure && result.thisMailOnly);
}

/** Notes what came of some mails and claims the next ones, in one transaction. */
async function settleAndClaim(
  { database, clock }: Needed,
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

/** One after the other. What is left when one shows that none would arrive, or at a stop, is not tried. */
async function sendEach(
  services: Needed,
  transport: MailTransport,
  mails: readonly Mail[],
  stopping: AbortSignal | undefined,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let goOn = true;
  for (const mail of mails) {
    const result: Outcome['result'] = goOn ? await attempt(services, transport, mail) : 'untried';
    outcomes.push({ mail, result });
    goOn &&= allowsOthers(result) && !stopping?.aborted;
  }
  return outcomes;
}

async function attempt(
  services: Needed,
  transport: MailTransport,
  mail: Mail,
): Promise<'sent' | MailFailure> {
  try {
    await transport.send({ ...outgoing(services, mail), id: mail.id, at: mail.created_at });
  } catch (error) {
    const failure = asFailure(error);
    services.log(`mail ${mail.id} (${mail.template}) was not sent: ${failure.message}`);
    return failure;
  }
  return 'sent';
}

function outgoing({ settings }: Needed, mail: Mail) {
  const publicUrl = settings.publicUrl();
  const template = mail.template as TemplateName;
  if (!Object.hasOwn(templates, template)) throw new Error(`there is no mail called ${mail.template}`);
  const values = JSON.parse(mail.content) as Record<string, string>;
  const messageId = `<${mail.created_at}.${mail.id}@${URL.parse(publicUrl)?.hostname ?? 'localhost'}>`;
  return {
    to: mail.recipient,
    messageId,
    ...renderMail(template, values, { publicUrl, at: mail.created_at }),
  };
}

/** A fault of ours is about this mail, and may have an address in its words. */
function asFailure(error: unknown): MailFailure {
  if (error instanceof MailFailure) return error;
  return new MailFailure('it could not be written', { cause: error, thisMailOnly: true });
}

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

export interface MailWorker {
  /** Lets the mail that is being sent end; starts no other. */
  stop(): Promise<void>;
}

export function startMailWorker(services: Needed, transport: MailTransport): MailWorker {
  const stopping = new AbortController();
  const running = run(services, transport, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function run(services: Needed, transport: MailTransport, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      await sendDueMail(services, transport, stopping);
    } catch (error) {
      // The database is busy or the disk full: nothing is lost, and it is looked at again.
      services.log(`the outbox could not be read or written: ${(error as Error).message}`);
    }
    await sleep(pause, undefined, { signal: stopping }).catch(() => {});
  }
}
