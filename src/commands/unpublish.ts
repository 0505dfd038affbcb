import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { unpublish } from '../ops/unpublish.ts';
import { type PackageSpec, parsePackageSpec } from '../package-spec.ts';
import { newCommand, oneTimePasswordOption, registryOption, type SecondFactorOptions } from './options.ts';

interface UnpublishOptions extends SecondFactorOptions {
  readonly yes?: true;
  readonly force?: true;
}

export function unpublishCommand(context: Context): Command {
  return newCommand(
    'unpublish',
    'Take a version back, where the registry still allows it',
    'pub unpublish left-pad@1.3.0',
  )
    .argument('<package@version>', 'the version; with --force the whole package', parsePackageSpec)
    .option('--yes', 'do not ask whether you mean it')
    .option('--force', 'unpublish the whole package: all versions, or the last that is left')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((spec: PackageSpec, options: UnpublishOptions) =>
      unpublish(context, {
        spec,
        accepted: options.yes ?? false,
        wholePackage: options.force ?? false,
        registry: options.registry,
        oneTimePassword: options.otp,
      }),
    );
}
