import { Command } from 'commander';
import { verifyAuditLog } from '../audit/log.ts';
import type { Io } from '../io.ts';
import { requireData, withServices } from './with-services.ts';

export function auditCommand(io: Io): Command {
  return new Command('audit')
    .description('Read and check the log of what was done')
    .addCommand(verifyCommand(io))
    .addCommand(listCommand(io));
}

function verifyCommand(io: Io): Command {
  return new Command('verify')
    .description('Recompute every hash of the log; fails at the first event that was changed or removed')
    .addHelpText(
      'after',
      '\nKeep the printed head elsewhere: it shows later that no event before it was removed.\n\nExample: pub-registry audit verify',
    )
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      const verdict = await withServices(data, ({ database }) => verifyAuditLog(database.read));
      if (!verdict.intact)
        throw new Error(`the log was tampered with at event ${verdict.sequence}: ${verdict.problem}`);
      io.stdout(`intact: ${verdict.events} events, head ${verdict.head}\n`);
    });
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description('Print every event as a line of JSON')
    .addHelpText('after', '\nExample: pub-registry audit list')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async ({ database }) => {
        const rows = await database.read.selectFrom('audit_events').selectAll().orderBy('sequence').execute();
        for (const { details, at, ...row } of rows) {
          const time = new Date(at).toISOString();
          io.stdout(`${JSON.stringify({ ...row, at: time, details: JSON.parse(details) })}\n`);
        }
      });
    });
}
