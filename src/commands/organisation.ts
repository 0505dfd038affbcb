import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import {
  addMember,
  createOrganisation,
  listMembers,
  removeMember,
  requireFactorOfMembers,
} from '../ops/organisations.ts';
import {
  commandGroup,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

export function organisationCommand(context: Context): Command {
  return commandGroup('org', 'Manage an organisation, which owns the packages of its scopes', [
    createCommand(context),
    membersCommand(context),
    addCommand(context),
    removeCommand(context),
    requireSecondFactorCommand(context),
  ]);
}

function createCommand(context: Context): Command {
  return withFactor(newCommand('create', 'Create an organisation that you own', 'pub org create acme'))
    .argument('<organisation>', 'its name, which is also its scope', nonEmpty)
    .action((name: string, options: SecondFactorOptions) =>
      createOrganisation(context, changeRequest(name, options)),
    );
}

function membersCommand(context: Context): Command {
  return newCommand('members', 'Print the members of an organisation', 'pub org members acme')
    .argument('<organisation>', 'the organisation', nonEmpty)
    .addOption(registryOption())
    .action((name: string, options: RegistryOptions) =>
      listMembers(context, { organisation: name, registry: options.registry }),
    );
}

function addCommand(context: Context): Command {
  const description = 'Make an account a member, or give a member another role';
  return withFactor(newCommand('add', description, 'pub org add acme bob'))
    .argument('<organisation>', 'the organisation', nonEmpty)
    .argument('<user>', 'the account', nonEmpty)
    .addOption(
      new Option('--role <role>', 'a member publishes its packages, an owner does everything')
        .choices(['member', 'owner'])
        .default('member'),
    )
    .action(
      (name: string, user: string, options: SecondFactorOptions & { readonly role: 'owner' | 'member' }) =>
        addMember(context, { ...changeRequest(name, options), user, role: options.role }),
    );
}

function removeCommand(context: Context): Command {
  const description = 'End a membership, and every role it gave; your own is how you leave';
  return withFactor(newCommand('remove', description, 'pub org remove acme bob'))
    .alias('rm')
    .argument('<organisation>', 'the organisation', nonEmpty)
    .argument('<user>', 'the account', nonEmpty)
    .action((name: string, user: string, options: SecondFactorOptions) =>
      removeMember(context, { ...changeRequest(name, options), user }),
    );
}

function requireSecondFactorCommand(context: Context): Command {
  const description = 'Have no member without a second factor';
  return withFactor(newCommand('require-2fa', description, 'pub org require-2fa acme'))
    .argument('<organisation>', 'the organisation', nonEmpty)
    .option('--off', 'no longer require it')
    .action((name: string, options: SecondFactorOptions & { readonly off?: true }) =>
      requireFactorOfMembers(context, { ...changeRequest(name, options), required: !options.off }),
    );
}

function withFactor(command: Command): Command {
  return command.addOption(oneTimePasswordOption()).addOption(registryOption());
}

function changeRequest(organisation: string, options: SecondFactorOptions) {
  return { organisation, registry: options.registry, oneTimePassword: options.otp };
}
