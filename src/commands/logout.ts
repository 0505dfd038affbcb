import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { logOut } from '../ops/log-out.ts';
import { ecosystemOption, newCommand, type RegistryOptions, registryOption } from './options.ts';

export function logoutCommand(context: Context): Command {
  return newCommand('logout', 'Revoke the token of a registry and erase it from the keychain', 'pub logout')
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: RegistryOptions) => logOut(context, { registry: options.registry }));
}
