import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { deprecate } from '../ops/deprecate.ts';
import { parsePackageRange } from '../package-spec.ts';
import { newCommand, oneTimePasswordOption, registryOption, type SecondFactorOptions } from './options.ts';

type PackageRange = ReturnType<typeof parsePackageRange>;

export function deprecateCommand(context: Context): Command {
  return newCommand(
    'deprecate',
    'Have installers warn about versions of a package',
    'pub deprecate left-pad@1.2.x broken',
  )
    .argument('<package@range>', 'the versions; all of them without a range', parsePackageRange)
    .argument('<message>', 'what to use instead')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((range: PackageRange, message: string, options: SecondFactorOptions) =>
      deprecate(context, requestFor(range, message, options)),
    );
}

export function undeprecateCommand(context: Context): Command {
  return newCommand('undeprecate', 'Take a deprecation back', 'pub undeprecate left-pad@1.3.0')
    .argument('<package@range>', 'the versions; all of them without a range', parsePackageRange)
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .action((range: PackageRange, options: SecondFactorOptions) =>
      deprecate(context, requestFor(range, undefined, options)),
    );
}

function requestFor(
  { name, range }: PackageRange,
  message: string | undefined,
  options: SecondFactorOptions,
) {
  return { packageName: name, range, message, registry: options.registry, oneTimePassword: options.otp };
}
