import { Command } from 'commander';
import { rotateSeedKeys } from '../accounts/second-factor/rotate-seed-keys.ts';
import { addSeedKey } from '../accounts/second-factor/seed-keys.ts';
import type { Io } from '../io.ts';
import { foldersIn } from '../wiring.ts';
import { requireData, withServices } from './with-services.ts';

export function keysCommand(io: Io): Command {
  return new Command('keys')
    .description('Manage the key that encrypts the seeds of one-time passwords')
    .addCommand(rotateCommand(io));
}

function rotateCommand(io: Io): Command {
  return new Command('rotate')
    .description('Make a new key and encrypt every seed under it, beside a running server too')
    .addHelpText('after', '\nExample: pub-registry keys rotate')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async (services) => {
        const count = await rotateSeedKeys(services, () => addSeedKey(foldersIn(data).seedKeys));
        io.stderr(`encrypted ${count} seeds under a new key\n`);
      });
    });
}
