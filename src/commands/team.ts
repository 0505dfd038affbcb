import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { addToTeam, createTeam, destroyTeam, listTeams, removeFromTeam } from '../ops/teams.ts';
import {
  commandGroup,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

type Team = Parameters<typeof addToTeam>[1]['team'];

export function teamCommand(context: Context): Command {
  return commandGroup('team', 'Manage the teams of an organisation, where the registry has them', [
    listCommand(context),
    createCommand(context),
    newCommand('destroy', 'Remove a team', 'pub team destroy acme:developers')
      .argument('<team>', 'organisation:team', parseTeam)
      .addOption(oneTimePasswordOption())
      .addOption(registryOption())
      .action((team: Team, options: SecondFactorOptions) =>
        destroyTeam(context, { team, ...changeOf(options) }),
      ),
    memberCommand(context, 'add', 'Add an account to a team', addToTeam),
    memberCommand(context, 'remove', 'Remove an account from a team', removeFromTeam).alias('rm'),
  ]);
}

function listCommand(context: Context): Command {
  return newCommand(
    'list',
    'Print the teams of an organisation, or the members of a team',
    'pub team list acme',
  )
    .alias('ls')
    .argument('<organisation|team>', 'an organisation, or organisation:team', parseOrganisationOrTeam)
    .addOption(registryOption())
    .action((of: string | Team, options: RegistryOptions) =>
      listTeams(context, { of, registry: options.registry }),
    );
}

function createCommand(context: Context): Command {
  return newCommand('create', 'Make a team', 'pub team create acme:developers')
    .argument('<team>', 'organisation:team', parseTeam)
    .option('--description <text>', 'what the team is for', nonEmpty)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((team: Team, options: SecondFactorOptions & { readonly description?: string }) =>
      createTeam(context, { team, description: options.description, ...changeOf(options) }),
    );
}

function memberCommand(
  context: Context,
  verb: 'add' | 'remove',
  description: string,
  change: typeof addToTeam,
): Command {
  return newCommand(verb, description, `pub team ${verb} acme:developers bob`)
    .argument('<team>', 'organisation:team', parseTeam)
    .argument('<user>', 'the account', nonEmpty)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((team: Team, user: string, options: SecondFactorOptions) =>
      change(context, { team, user, ...changeOf(options) }),
    );
}

function changeOf(options: SecondFactorOptions) {
  return { registry: options.registry, oneTimePassword: options.otp };
}

function parseTeam(text: string): Team {
  const [, organisation, name] = /^@?([^:@\s/]+):([^:@\s/]+)$/.exec(text) ?? [];
  if (organisation !== undefined && name !== undefined) return { organisation, name };
  throw new InvalidArgumentError('Write it as organisation:team.');
}

function parseOrganisationOrTeam(text: string): string | Team {
  return text.includes(':') ? parseTeam(text) : nonEmpty(text.replace(/^@/, ''));
}
