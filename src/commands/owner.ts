import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { answerInvitation, listInvitations } from '../ops/invitations.ts';
import { addOwner, listOwners, removeOwner, requireSecondFactor } from '../ops/owners.ts';
import {
  commandGroup,
  ecosystemOption,
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
    invitationsCommand(context),
    answerCommand(context, 'accept', 'Accept an invitation to a package'),
    answerCommand(context, 'decline', 'Decline an invitation to a package'),
    requireSecondFactorCommand(context),
  ]);
}

function listCommand(context: Context): Command {
  return newCommand('list', 'Print who may publish a package, and as what', 'pub owner list left-pad')
    .alias('ls')
    .argument('<package>', 'the package', packageName)
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((name: string, options: RegistryOptions) =>
      listOwners(context, { packageName: name, registry: options.registry }),
    );
}

function addCommand(context: Context): Command {
  return newCommand(
    'add',
    'Invite another account to a package, or give it another role',
    'pub owner add left-pad bob',
  )
    .argument('<package>', 'the package', packageName)
    .argument('<user>', 'the account to add')
    .addOption(
      new Option('--role <role>', 'an owner does everything, a maintainer publishes')
        .choices(['owner', 'maintainer'])
        .default('owner'),
    )
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action(
      (
        name: string,
        user: string,
        options: SecondFactorOptions & { readonly role: 'owner' | 'maintainer' },
      ) => addOwner(context, { ...changeRequest(name, options), user, role: options.role }),
    );
}

function removeCommand(context: Context): Command {
  return newCommand(
    'remove',
    'End the role of an account, or its invitation',
    'pub owner remove left-pad bob',
  )
    .alias('rm')
    .argument('<package>', 'the package', packageName)
    .argument('<user>', 'the account to remove')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((name: string, user: string, options: SecondFactorOptions) =>
      removeOwner(context, { ...changeRequest(name, options), user }),
    );
}

function invitationsCommand(context: Context): Command {
  return newCommand('invitations', 'Print the invitations that wait for your answer', 'pub owner invitations')
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: RegistryOptions) => listInvitations(context, { registry: options.registry }));
}

function answerCommand(context: Context, answer: 'accept' | 'decline', description: string): Command {
  return newCommand(answer, description, `pub owner ${answer} left-pad`)
    .argument('<package>', 'the package', packageName)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((name: string, options: SecondFactorOptions) =>
      answerInvitation(context, { ...changeRequest(name, options), answer }),
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
    .addOption(ecosystemOption())
    .action((name: string, options: SecondFactorOptions & { readonly off?: true }) =>
      requireSecondFactor(context, { ...changeRequest(name, options), required: !options.off }),
    );
}

function changeRequest(name: string, options: SecondFactorOptions) {
  return { packageName: name, registry: options.registry, oneTimePassword: options.otp };
}
