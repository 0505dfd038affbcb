import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { logIn } from '../ops/log-in.ts';
import {
  ecosystemOption,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  passwordFromStandardInputOption,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

interface LoginOptions extends SecondFactorOptions {
  readonly username?: string;
  readonly email?: string;
  readonly signUp?: true;
  readonly tokenStdin?: true;
  readonly passwordStdin?: true;
  readonly printToken?: true;
}

export function loginCommand(context: Context): Command {
  return newCommand(
    'login',
    'Log in to a registry, in a browser where it has pages, and keep its token in the keychain',
    'pub login',
  )
    .option('--username <name>', 'log in here, with the password of this account', nonEmpty)
    .option('--sign-up', 'create the account, where the registry allows that')
    .option('--email <address>', 'the address of the new account', nonEmpty)
    .addOption(passwordFromStandardInputOption())
    .addOption(
      new Option('--token-stdin', 'keep a token made elsewhere, read from standard input').conflicts([
        'passwordStdin',
        'username',
        'signUp',
        'email',
        'otp',
      ]),
    )
    .addOption(
      new Option(
        '--print-token',
        'print the token and keep it nowhere: for a CI secret, or without a keychain',
      ).conflicts('tokenStdin'),
    )
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: LoginOptions) =>
      logIn(context, {
        registry: options.registry,
        username: options.username,
        signUp: options.signUp ?? false,
        email: options.email,
        standardInput: options.tokenStdin ? 'token' : options.passwordStdin ? 'password' : undefined,
        printToken: options.printToken ?? false,
        oneTimePassword: options.otp,
      }),
    );
}
