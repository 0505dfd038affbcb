import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { changeAccess, listCollaborators, listPackages, showAccess } from '../ops/access.ts';
import {
  commandGroup,
  newCommand,
  oneTimePasswordOption,
  packageName,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

type Change = Parameters<typeof changeAccess>[1]['change'];

export function accessCommand(context: Context): Command {
  return commandGroup('access', 'Manage who may read a package, and what a release of it takes', [
    getCommand(context),
    setCommand(context),
    commandGroup('list', 'Print who may do what', [
      packagesCommand(context),
      collaboratorsCommand(context),
    ]).alias('ls'),
  ]);
}

function getCommand(context: Context): Command {
  return newCommand('get', 'Print whether a package is public', 'pub access get status @acme/tool')
    .addArgument(new Argument('<what>', 'what to print').choices(['status']))
    .argument('<package>', 'the package', packageName)
    .addOption(registryOption())
    .action((_what: string, name: string, options: RegistryOptions) =>
      showAccess(context, { packageName: name, registry: options.registry }),
    );
}

function setCommand(context: Context): Command {
  return newCommand(
    'set',
    'Change who may read a package, or what a release takes',
    'pub access set mfa=publish @acme/tool',
  )
    .argument('<change>', 'status=public|private, or mfa=none|publish|automation', parseChange)
    .argument('<package>', 'the package', packageName)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((change: Change, name: string, options: SecondFactorOptions) =>
      changeAccess(context, {
        change,
        packageName: name,
        registry: options.registry,
        oneTimePassword: options.otp,
      }),
    );
}

function packagesCommand(context: Context): Command {
  return newCommand(
    'packages',
    'Print the packages of an account, an organisation or a team',
    'pub access list packages acme',
  )
    .argument('[who]', 'an account, an organisation or organisation:team (default: you)')
    .addOption(registryOption())
    .action((who: string | undefined, options: RegistryOptions) =>
      listPackages(context, { who, registry: options.registry }),
    );
}

function collaboratorsCommand(context: Context): Command {
  return newCommand(
    'collaborators',
    'Print who may read or write a package',
    'pub access list collaborators @acme/tool',
  )
    .argument('<package>', 'the package', packageName)
    .addOption(registryOption())
    .action((name: string, options: RegistryOptions) =>
      listCollaborators(context, { packageName: name, registry: options.registry }),
    );
}

/** As npm writes them; `2fa` is its older word for `mfa`. */
function parseChange(text: string): Change {
  const [, key, value] = /^(status|mfa|2fa)=(\w+)$/.exec(text) ?? [];
  if (key === 'status' && (value === 'public' || value === 'private')) return { status: value };
  const isFactor = key === 'mfa' || key === '2fa';
  if (isFactor && (value === 'none' || value === 'publish' || value === 'automation'))
    return { factor: value };
  throw new InvalidArgumentError('It is neither status=public|private nor mfa=none|publish|automation.');
}
