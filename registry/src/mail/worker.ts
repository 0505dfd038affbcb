import { setTimeout as sleep } from 'node:timers/promises';
import type { Services } from '../services.ts';
import { type Mail, mostClaimed, type Outcome, settleAndClaim } from './claims.ts';
import { renderMail } from './render.ts';
import { type TemplateName, templates } from './templates.ts';
import { MailFailure, type MailTransport } from './transport.ts';

/**
 * Sends what is in the outbox. A worker claims a mail before it sends it, so that no two send the same one on
 * purpose; a mail whose worker died is claimed again later. What was handed over and not yet marked when that
 * happened goes out twice, under the same Message-ID: once at least, for no protocol gives exactly once.
 */

/** How often the outbox is looked at, in milliseconds. */
const pause = 2_000;

type Needed = Pick<Services, 'database' | 'clock' | 'settings' | 'log'>;

/**
 * How long it waits after so many, in milliseconds: eighty mails a second are enough, and whoever publishes meanwhile
 * has the disk to themselves for most of the time.
 */
const breath = 50;

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

function allowsOthers(result: Outcome['result']): boolean {
  return result === 'sent' || (result instanceof MailFailure && result.thisMailOnly);
}

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
