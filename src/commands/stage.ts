import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { decideStaged, downloadStaged, listStaged, viewStaged } from '../ops/staged-releases.ts';
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

export function stageCommand(context: Context): Command {
  return commandGroup('stage', 'Look at releases that wait for an approval, and decide', [
    listCommand(context),
    viewCommand(context),
    downloadCommand(context),
    decisionCommand(context, 'approve', 'Make staged releases public'),
    decisionCommand(context, 'reject', 'Refuse staged releases for good'),
  ]);
}

function listCommand(context: Context): Command {
  return newCommand('list', 'Print the releases that wait', 'pub stage list @acme/tool')
    .alias('ls')
    .argument('[package]', 'only those of this package', packageName)
    .addOption(registryOption())
    .action((name: string | undefined, options: RegistryOptions) =>
      listStaged(context, { packageName: name, registry: options.registry }),
    );
}

function viewCommand(context: Context): Command {
  return newCommand('view', 'Print what is known about one', `pub stage view ${exampleId}`)
    .argument('<id>', 'what `pub stage list` shows', stageId)
    .addOption(registryOption())
    .action((id: string, options: RegistryOptions) =>
      viewStaged(context, { id, registry: options.registry }),
    );
}

function downloadCommand(context: Context): Command {
  return newCommand(
    'download',
    'Download the archive of one, to look at it',
    `pub stage download ${exampleId}`,
  )
    .argument('<id>', 'what `pub stage list` shows', stageId)
    .option('--out <folder>', 'where to put the archive (default: the current folder)', nonEmpty)
    .addOption(registryOption())
    .action((id: string, options: RegistryOptions & { readonly out?: string }) =>
      downloadStaged(context, { id, folder: options.out, registry: options.registry }),
    );
}

function decisionCommand(context: Context, decision: 'approve' | 'reject', description: string): Command {
  return newCommand(decision, description, `pub stage ${decision} ${exampleId}`)
    .argument('<ids...>', 'what `pub stage list` shows', collectIds)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((ids: readonly string[], options: SecondFactorOptions) =>
      decideStaged(context, { ids, decision, registry: options.registry, oneTimePassword: options.otp }),
    );
}

const exampleId = '9b2d5c1e-8a45-4f4e-9d0b-3f4c1a2b5d6e';

function stageId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It is not the id of a staged release.');
}

function collectIds(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, stageId(text)];
}
