import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { yank } from '../ops/yank.ts';
import { parsePackageSpec } from '../package-spec.ts';
import {
  ecosystemOption,
  newCommand,
  oneTimePasswordOption,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

interface YankOptions extends SecondFactorOptions {
  readonly undo?: true;
}

export function yankCommand(context: Context): Command {
  return newCommand(
    'yank',
    'Take a version of a crate out of use for new projects, or put it back',
    'pub yank left-pad@1.3.0',
  )
    .argument('<crate@version>', 'the version to yank')
    .option('--undo', 'put a yanked version back')
    .addOption(oneTimePasswordOption())
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((spec: string, options: YankOptions) => {
      const { name, version } = parsePackageSpec(spec);
      if (version === undefined) throw noVersion(name);
      return yank(context, {
        name,
        version,
        undo: options.undo ?? false,
        registry: options.registry,
        oneTimePassword: options.otp,
      });
    });
}

function noVersion(name: string): PubError {
  return new PubError('E_USAGE', `\`${name}\` names no version`, {
    hint: `write the version behind it, such as \`${name}@1.0.0\``,
  });
}
