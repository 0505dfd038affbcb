import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import {
  confirmSecondFactor,
  disableSecondFactor,
  enableSecondFactor,
  secondFactorStatus,
} from '../ops/two-factor.ts';
import {
  commandGroup,
  newCommand,
  oneTimePasswordOption,
  passwordFromStandardInputOption,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

interface PasswordOptions extends SecondFactorOptions {
  readonly passwordStdin?: true;
}

interface EnableOptions extends PasswordOptions {
  readonly mode: 'auth-and-writes' | 'auth-only';
}

export function twoFactorCommand(context: Context): Command {
  return commandGroup('2fa', 'Manage the second factor of your account', [
    enableCommand(context),
    confirmCommand(context),
    statusCommand(context),
    disableCommand(context),
  ]);
}

function enableCommand(context: Context): Command {
  return newCommand('enable', 'Set up an authenticator app', 'pub 2fa enable')
    .addOption(
      new Option('--mode <mode>', 'when a code is asked for: at each change, or only for the account')
        .choices(['auth-and-writes', 'auth-only'])
        .default('auth-and-writes'),
    )
    .addOption(passwordFromStandardInputOption())
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((options: EnableOptions) =>
      enableSecondFactor(context, { ...passwordRequest(options), mode: options.mode }),
    );
}

function confirmCommand(context: Context): Command {
  return newCommand('confirm', 'Finish setting up with a code from the app', 'pub 2fa confirm --otp 123456')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((options: SecondFactorOptions) =>
      confirmSecondFactor(context, { registry: options.registry, oneTimePassword: options.otp }),
    );
}

function statusCommand(context: Context): Command {
  return newCommand('status', 'Print the mode of the second factor', 'pub 2fa status --json')
    .addOption(registryOption())
    .action((options: RegistryOptions) => secondFactorStatus(context, { registry: options.registry }));
}

function disableCommand(context: Context): Command {
  return newCommand('disable', 'Remove the second factor from your account', 'pub 2fa disable')
    .addOption(passwordFromStandardInputOption())
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((options: PasswordOptions) => disableSecondFactor(context, passwordRequest(options)));
}

function passwordRequest(options: PasswordOptions) {
  return {
    registry: options.registry,
    oneTimePassword: options.otp,
    passwordFromStandardInput: options.passwordStdin ?? false,
  };
}
