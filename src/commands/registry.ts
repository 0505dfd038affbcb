import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addRegistry, defaultRegistry, listRegistries, removeRegistry } from '../ops/known-registries.ts';
import { commandGroup, newCommand } from './options.ts';

export function registryCommand(context: Context): Command {
  return commandGroup('registry', 'Manage the registries you call by name', [
    newCommand('list', 'Print the registries you have named', 'pub registry list')
      .alias('ls')
      .action(() => listRegistries(context)),
    addCommand(context),
    newCommand('remove', 'Forget a registry', 'pub registry remove work')
      .alias('rm')
      .argument('<name>', 'its name')
      .action((name: string) => removeRegistry(context, { name })),
    newCommand('default', 'Print or choose the registry used when none is named', 'pub registry default work')
      .argument('[name]', 'the registry to use from now on')
      .action((name: string | undefined) => defaultRegistry(context, { name })),
  ]);
}

function addCommand(context: Context): Command {
  return newCommand('add', 'Give a registry a name', 'pub registry add work https://registry.example/')
    .argument('<name>', 'its name')
    .argument('<url>', 'its URL')
    .option('--default', 'use it when no registry is named')
    .action((name: string, url: string, options: { readonly default?: true }) =>
      addRegistry(context, { name, url, makeDefault: options.default ?? false }),
    );
}
