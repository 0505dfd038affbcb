import { Command } from 'commander';
import { rotateSeedKeys } from '../accounts/second-factor/rotate-seed-keys.ts';
import { addSeedKey } from '../accounts/second-factor/seed-keys.ts';
import type { Io } from '../io.ts';
import { rotateSigningKey } from '../releases/rotate-signing-key.ts';
import { replaceSigningKey } from '../releases/signing-keys.ts';
import { foldersIn } from '../wiring.ts';
import { requireData, withServices } from './with-services.ts';

export function keysCommand(io: Io): Command {
  return new Command('keys')
    .description('Manage the keys that encrypt the seeds of one-time passwords, and that sign releases')
    .addCommand(rotateCommand(io))
    .addCommand(rotateSigningCommand(io))
    .addCommand(listCommand(io));
}

function rotateCommand(io: Io): Command {
  return new Command('rotate')
    .description('Make a new seed key and encrypt every seed under it, beside a running server too')
    .addHelpText('after', '\nExample: pub-registry keys rotate')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async (services) => {
        const count = await rotateSeedKeys(services, () => addSeedKey(foldersIn(data).seedKeys));
        io.stderr(`encrypted ${count} seeds under a new key\n`);
      });
    });
}

function rotateSigningCommand(io: Io): Command {
  return new Command('rotate-signing')
    .description('Make a new key that signs releases; the one before stays good for what it signed')
    .option('--compromised', 'somebody else may have a key: keep none, and sign every release anew', false)
    .addHelpText('after', '\nExample: pub-registry keys rotate-signing')
    .action(async ({ data, compromised }: { data: string; compromised: boolean }) => {
      requireData(data);
      await withServices(data, async (services) => {
        const replaceKey = (ended: number) =>
          replaceSigningKey(foldersIn(data).signingKeys, ended, { keep: !compromised });
        await rotateSigningKey(services, { replaceKey, compromised });
        io.stderr(`releases are signed with ${services.signingKeys.list()[0]?.id} from now on\n`);
      });
    });
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description('Show the public keys of release signatures, as GET /-/npm/v1/keys does')
    .addHelpText('after', '\nExample: pub-registry keys list')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async ({ signingKeys }) => {
        for (const { id, expires } of signingKeys.list())
          io.stdout(`${id}  ${expires === null ? 'current' : `until ${expires}`}\n`);
      });
    });
}
