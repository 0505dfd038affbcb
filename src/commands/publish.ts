import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { publish } from '../ops/publish.ts';
import { newCommand, oneTimePasswordOption, registryOption, type SecondFactorOptions } from './options.ts';

interface PublishOptions extends SecondFactorOptions {
  readonly tag?: string;
  readonly access?: 'public' | 'restricted';
  readonly dryRun?: true;
  readonly ignoreScripts?: true;
  readonly yes?: true;
}

export function publishCommand(context: Context): Command {
  return newCommand('publish', 'Pack a project and publish it to a registry', 'pub publish --otp 123456')
    .argument('[folder|archive]', 'the project, or an archive made by `pub package`', '.')
    .addOption(oneTimePasswordOption())
    .option('--tag <tag>', 'the dist-tag to give the version (default: latest)')
    .addOption(
      new Option('--access <access>', 'who may read a new package').choices([
        'public',
        'restricted',
      ] as const),
    )
    .option('--dry-run', 'do everything but send the archive')
    .option('--ignore-scripts', 'do not run the scripts of the package')
    .option('--yes', 'publish even if the archive holds something dangerous')
    .addOption(registryOption())
    .action((path: string, options: PublishOptions) =>
      publish(context, {
        path,
        registry: options.registry,
        tag: options.tag,
        access: options.access,
        oneTimePassword: options.otp,
        dryRun: options.dryRun ?? false,
        runScripts: !options.ignoreScripts,
        acceptDanger: options.yes ?? false,
      }),
    );
}
