import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { packProject } from '../ops/package.ts';
import { ecosystemOption, newCommand, nonEmpty } from './options.ts';

interface PackageOptions {
  readonly list?: true;
  readonly out?: string;
  readonly ignoreScripts?: true;
  readonly allowDirty?: true;
  readonly verify?: true;
}

export function packageCommand(context: Context): Command {
  return newCommand('package', 'Make the archive that publish would send', 'pub package --list')
    .alias('pack')
    .argument('[folder]', 'the project to pack', '.')
    .option('--list', 'only list the files, and keep no archive')
    .option(
      '--out <folder>',
      'where to put the archive (default: the current folder; for a crate where cargo has it)',
      nonEmpty,
    )
    .option('--ignore-scripts', 'do not run the scripts of the package')
    .option('--allow-dirty', 'of a crate: also with changes that are not in git yet')
    .option('--verify', 'of a crate: build what was packed')
    .addOption(ecosystemOption())
    .action((path: string, options: PackageOptions) =>
      packProject(context, {
        path,
        listOnly: options.list ?? false,
        folder: options.out,
        runScripts: !options.ignoreScripts,
        allowDirty: options.allowDirty ?? false,
        verify: options.verify ?? false,
      }),
    );
}
