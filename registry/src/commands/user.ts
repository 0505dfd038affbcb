import { randomInt } from 'node:crypto';
import { Command } from 'commander';
import { createAccount, findAccount } from '../accounts/accounts.ts';
import { liftHoldByOperator } from '../accounts/lift-hold.ts';
import { resetFactorByOperator } from '../accounts/second-factor/removal.ts';
import { Refusal } from '../errors.ts';
import type { Io } from '../io.ts';
import { requireData, withServices } from './with-services.ts';

interface AddOptions {
  readonly data: string;
  readonly email?: string;
  readonly passwordStdin?: true;
}

export function userCommand(io: Io): Command {
  return new Command('user')
    .description('Manage the accounts of the registry')
    .addCommand(addCommand(io))
    .addCommand(listCommand(io))
    .addCommand(resetCommand(io))
    .addCommand(liftHoldCommand(io));
}

function addCommand(io: Io): Command {
  return new Command('add')
    .description('Create an account; without --password-stdin a password is made up and printed once')
    .argument('<name>', 'lower-case letters, digits, hyphens and underscores')
    .option('--email <address>', 'where the person reads mail')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', '\nExample: pub-registry user add alice --email alice@example.org')
    .action(async (name: string, options: AddOptions) => {
      const given = options.passwordStdin ? (await io.readStdin()).replace(/\r?\n$/, '') : undefined;
      const password = given ?? makePassword();
      await withServices(options.data, (services) =>
        createAccount(services, { name, password, email: options.email, by: { kind: 'operator' } }),
      );
      io.stderr(`created the account ${name}\n`);
      if (given === undefined) io.stdout(`${password}\n`);
    });
}

/** 25 letters and digits that are not mistaken for each other: 123 bits. */
function makePassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description('List the accounts, one a line: name, e-mail, second factor')
    .addHelpText('after', '\nExample: pub-registry user list')
    .action(async ({ data }: { data: string }) => {
      requireData(data);
      await withServices(data, async ({ database }) => {
        const rows = await database.read
          .selectFrom('accounts')
          .leftJoin('totp_factors', (join) =>
            join.onRef('totp_factors.account_id', '=', 'accounts.id').on('totp_factors.state', '=', 'active'),
          )
          .select(['accounts.name', 'accounts.email', 'totp_factors.mode'])
          .orderBy('accounts.name')
          .execute();
        for (const { name, email, mode } of rows)
          io.stdout(`${name}\t${email ?? '-'}\t${mode ?? 'no second factor'}\n`);
      });
    });
}

function resetCommand(io: Io): Command {
  return new Command('reset-2fa')
    .description('Remove the second factor of a person who lost it, once you know who is asking')
    .argument('<name>')
    .addHelpText('after', '\nExample: pub-registry user reset-2fa alice')
    .action(async (name: string, { data }: { data: string }) => {
      requireData(data);
      await withServices(data, async (services) => {
        const account = await findAccount(services.database.read, name);
        if (account === undefined) throw new Refusal('not_found', `there is no account ${name}`);
        const had = await resetFactorByOperator(services, account.id);
        io.stderr(had ? `removed the second factor of ${name}\n` : `${name} had no second factor\n`);
      });
    });
}

function liftHoldCommand(io: Io): Command {
  return new Command('lift-hold')
    .description('End the hold on an account that was recovered, once you know who is asking')
    .argument('<name>')
    .addHelpText('after', '\nExample: pub-registry user lift-hold alice')
    .action(async (name: string, { data }: { data: string }) => {
      requireData(data);
      await withServices(data, async (services) => {
        const account = await findAccount(services.database.read, name);
        if (account === undefined) throw new Refusal('not_found', `there is no account ${name}`);
        const held = await liftHoldByOperator(services, account.id);
        io.stderr(held ? `ended the hold on ${name}\n` : `${name} was not held\n`);
      });
    });
}
