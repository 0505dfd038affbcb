import { Command } from 'commander';
import type { Io } from '../io.ts';
import { listWaitingMail, retryMail } from '../mail/outbox-list.ts';
import { requireData, withServices } from './with-services.ts';

export function mailCommand(io: Io): Command {
  return new Command('mail')
    .description('Look after mail that was not sent yet')
    .addCommand(listCommand(io))
    .addCommand(retryCommand(io));
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description(
      'List the mails that wait or were given up: number, time, recipient, what, attempts, next, why',
    )
    .addHelpText('after', '\nExample: pub-registry mail list')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async ({ database }) => {
        for (const mail of await listWaitingMail(database.read)) {
          const next = mail.nextAt === undefined ? 'given up' : new Date(mail.nextAt).toISOString();
          const time = new Date(mail.createdAt).toISOString();
          const columns = [
            mail.id,
            time,
            mail.recipient,
            mail.template,
            mail.attempts,
            next,
            mail.failure ?? '-',
          ];
          io.stdout(`${columns.join('\t')}\n`);
        }
      });
    });
}

function retryCommand(io: Io): Command {
  return new Command('retry')
    .description('Let the server send everything that waits now, what was given up too')
    .addHelpText('after', '\nExample: pub-registry mail retry')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async ({ database, clock }) => {
        const count = await database.write((transaction) => retryMail(transaction, clock()));
        io.stderr(`${count} will be sent by the server\n`);
      });
    });
}
