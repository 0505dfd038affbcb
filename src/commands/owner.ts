import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addOwner, listOwners, removeOwner, requireSecondFactor } from '../ops/owners.ts';
import {
  commandGroup,
  newCommand,
  oneTimePasswordOption,
  packageName,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

export function ownerCommand(context: Context): Command {
  return commandGroup('owner', 'Manage who may publish a package', [
    listCommand(context),
    addCommand(context),
    removeCommand(context),
    requireSecondFactorCommand(context),
  ]);
}

function listCommand(context: Context): Command {
  return newCommand('list', 'Print the owners of a package', 'pub owner list left-pad')
    .alias('ls')
    .argument('<package>', 'the package', packageName)
    .addOption(registryOption())
    .action((name: string, options: RegistryOptions) =>
      listOwners(context, { packageName: name, registry: options.registry }),
    );
}

function addCommand(context: Context): Command {
  return newCommand('add', 'Let another account publish a package', 'pub owner add left-pad bob')
    .argument('<package>', 'the package', packageName)
    .argument('<user>', 'the account to add')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((name: string, user: string, options: SecondFactorOptions) =>
      addOwner(context, { ...changeRequest(name, options), user }),
    );
}

function removeCommand(context: Context): Command {
  return newCommand('remove', 'Stop an account from publishing a package', 'pub owner remove left-pad bob')
    .alias('rm')
    .argument('<package>', 'the package', packageName)
    .argument('<user>', 'the account to remove')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((name: string, user: string, options: SecondFactorOptions) =>
      removeOwner(context, { ...changeRequest(name, options), user }),
    );
}

function requireSecondFactorCommand(context: Context): Command {
  return newCommand(
    'require-2fa',
    'Refuse every release of a package that comes without a second factor',
    'pub owner require-2fa left-pad',
  )
    .argument('<package>', 'the package', packageName)
    .option('--off', 'no longer require it')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((name: string, options: SecondFactorOptions & { readonly off?: true }) =>
      requireSecondFactor(context, { ...changeRequest(name, options), required: !options.off }),
    );
}

function changeRequest(name: string, options: SecondFactorOptions) {
  return { packageName: name, registry: options.registry, oneTimePassword: options.otp };
}
