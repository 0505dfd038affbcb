import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { createToken, listTokens, revokeToken, tokenScopes } from '../ops/tokens.ts';
import {
  commandGroup,
  ecosystemOption,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  passwordFromStandardInputOption,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

type TokenScope = (typeof tokenScopes)[number];

interface CreateOptions extends SecondFactorOptions {
  readonly name: string;
  readonly description?: string;
  readonly scope: readonly TokenScope[];
  readonly package?: readonly string[];
  readonly cidr?: readonly string[];
  readonly expires?: number;
  readonly passwordStdin?: true;
}

export function tokenCommand(context: Context): Command {
  return commandGroup('token', 'Manage tokens that can do less than your account', [
    listCommand(context),
    createCommand(context),
    revokeCommand(context),
  ]);
}

function listCommand(context: Context): Command {
  return newCommand('list', 'Print the tokens of your account', 'pub token list')
    .alias('ls')
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: RegistryOptions) => listTokens(context, { registry: options.registry }));
}

function createCommand(context: Context): Command {
  return newCommand(
    'create',
    'Make a token and print it, once',
    'pub token create --name ci --scope publish --package @acme/tool --expires 30d',
  )
    .addOption(
      new Option('--name <name>', 'what you will know it by').argParser(nonEmpty).makeOptionMandatory(),
    )
    .addOption(
      new Option('--scope <scopes...>', `what it may do: ${tokenScopes.join(', ')}`)
        .argParser(collectScopes)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--package <names...>',
        'the packages it is for, such as @acme/tool or "@acme/*" (default: all)',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--cidr <networks...>',
        'the networks it works from, such as 192.0.2.0/24 (default: all)',
      ).argParser(collect),
    )
    .addOption(
      new Option('--expires <days>', 'when it ends, such as 30d (default: what the registry says)').argParser(
        parseDays,
      ),
    )
    .addOption(new Option('--description <text>', 'a note for yourself').argParser(nonEmpty))
    .addOption(passwordFromStandardInputOption())
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: CreateOptions) => createToken(context, createRequest(options)));
}

function revokeCommand(context: Context): Command {
  return newCommand('revoke', 'End a token at once', 'pub token revoke 9f86d081')
    .argument('<key|name>', 'the key that `pub token list` shows, or the name', notAToken)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((key: string, options: SecondFactorOptions) =>
      revokeToken(context, { key, registry: options.registry, oneTimePassword: options.otp }),
    );
}

function createRequest(options: CreateOptions) {
  return {
    registry: options.registry,
    oneTimePassword: options.otp,
    passwordFromStandardInput: options.passwordStdin ?? false,
    settings: {
      name: options.name,
      description: options.description,
      scopes: options.scope,
      packages: options.package ?? [],
      networks: options.cidr ?? [],
      days: options.expires,
    },
  };
}

/** Several after one option, several options, or commas between: all are ways people write a list. */
function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((entry) => nonEmpty(entry.trim()))];
}

function collectScopes(text: string, before: readonly TokenScope[] = []): readonly TokenScope[] {
  const scopes = collect(text).map((entry) => {
    const scope = tokenScopes.find((known) => known === entry);
    if (scope === undefined) throw new InvalidArgumentError(`It is none of ${tokenScopes.join(', ')}.`);
    return scope;
  });
  return [...new Set([...before, ...scopes])];
}

function parseDays(text: string): number {
  const days = /^([1-9]\d{0,5})d?$/.exec(text)?.[1];
  if (days === undefined) throw new InvalidArgumentError('It is not a number of days, such as 30d.');
  return Number(days);
}

/** Other programs of this machine read a command line, and the shell keeps it. */
function notAToken(text: string): string {
  if (!/^(pub|npm)_\w{20,}$/.test(text)) return nonEmpty(text);
  throw new PubError('E_USAGE', 'a token in a command line can be read by others', {
    hint: 'give its key instead: run `pub token list`',
  });
}
