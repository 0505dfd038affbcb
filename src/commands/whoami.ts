import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { whoAmI } from '../ops/who-am-i.ts';
import { ecosystemOption, newCommand, type RegistryOptions, registryOption } from './options.ts';

export function whoamiCommand(context: Context): Command {
  return newCommand('whoami', 'Print the account you are logged in to', 'pub whoami --registry work')
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((options: RegistryOptions) => whoAmI(context, { registry: options.registry }));
}
