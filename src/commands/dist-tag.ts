import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addTag, listTags, removeTag } from '../ops/dist-tags.ts';
import { type PackageSpec, parsePackageSpec } from '../package-spec.ts';
import {
  commandGroup,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  packageName,
  type RegistryOptions,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

export function distTagCommand(context: Context): Command {
  return commandGroup('dist-tag', 'Manage the names that stand for versions, such as latest', [
    listCommand(context),
    addCommand(context),
    removeCommand(context),
  ]).alias('dist-tags');
}

function listCommand(context: Context): Command {
  return newCommand('list', 'Print the tags of a package', 'pub dist-tag list left-pad')
    .alias('ls')
    .argument('<package>', 'the package', packageName)
    .addOption(registryOption())
    .action((name: string, options: RegistryOptions) =>
      listTags(context, { packageName: name, registry: options.registry }),
    );
}

function addCommand(context: Context): Command {
  return newCommand(
    'add',
    'Give a version a tag, or move the tag to it',
    'pub dist-tag add left-pad@1.3.0 next',
  )
    .alias('set')
    .argument('<package@version>', 'the version', parsePackageSpec)
    .argument('[tag]', 'the tag', nonEmpty, 'latest')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((spec: PackageSpec, tag: string, options: SecondFactorOptions) =>
      addTag(context, { spec, tag, registry: options.registry, oneTimePassword: options.otp }),
    );
}

function removeCommand(context: Context): Command {
  return newCommand('remove', 'Remove a tag', 'pub dist-tag remove left-pad next')
    .alias('rm')
    .argument('<package>', 'the package', packageName)
    .argument('<tag>', 'the tag', nonEmpty)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((name: string, tag: string, options: SecondFactorOptions) =>
      removeTag(context, {
        packageName: name,
        tag,
        registry: options.registry,
        oneTimePassword: options.otp,
      }),
    );
}
