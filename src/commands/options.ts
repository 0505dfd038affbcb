import { Command, InvalidArgumentError, Option } from 'commander';
import { PubError } from '../errors.ts';
import { parseOneTimePassword } from '../ops/one-time-password.ts';
import { parsePackageSpec } from '../package-spec.ts';
import type { Secret } from '../secret.ts';

/** What every command that speaks to a registry was told. */
export interface RegistryOptions {
  readonly registry?: string;
}

export interface SecondFactorOptions extends RegistryOptions {
  readonly otp?: Secret;
}

/**
 * A command with what all have: `--json`, which `main` looks for itself because errors need it too, and an
 * example.
 */
export function newCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', `\nExample: ${example}`);
}

/** A command that only holds others. */
export function commandGroup(name: string, description: string, commands: readonly Command[]): Command {
  const group = new Command(name).description(description);
  for (const command of commands) group.addCommand(command);
  const example = `\nExample: pub ${name} ${commands[0]?.name() ?? ''} --help`;
  return group.addHelpText('after', example);
}

export function registryOption(): Option {
  return new Option('--registry <name|url>', 'the registry to use');
}

/** `main` looks for it itself, because it decides which parts are loaded. */
export function ecosystemOption(): Option {
  return new Option('--ecosystem <name>', 'which packages are meant, where that is not clear').choices([
    'npm',
    'cargo',
  ]);
}

/** A code works once, so it may stand in a command line, as npm allows; `PUB_OTP` keeps it out. */
export function oneTimePasswordOption(): Option {
  return new Option(
    '--otp <code>',
    'the one-time password, if you have it already (or set PUB_OTP)',
  ).argParser((text) => parseOneTimePassword(text, '--otp'));
}

export function passwordFromStandardInputOption(): Option {
  return new Option('--password-stdin', 'read the password from standard input');
}

/** For a value that may not be empty: a shell variable that is not set gives `--username ""`. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** An owner is an owner of every version, so a version here is a misunderstanding. */
export function packageName(text: string): string {
  const { name, version } = parsePackageSpec(text);
  if (version === undefined) return name;
  throw new PubError('E_USAGE', `\`${text}\` names a version, where a package was expected`, {
    hint: `leave the version out: \`${name}\``,
  });
}
