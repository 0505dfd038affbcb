import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { packProject } from '../ops/package.ts';
import { newCommand, nonEmpty } from './options.ts';

interface PackageOptions {
  readonly list?: true;
  readonly out?: string;
  readonly ignoreScripts?: true;
}

export function packageCommand(context: Context): Command {
  return newCommand('package', 'Make the archive that publish would send', 'pub package --list')
    .alias('pack')
    .argument('[folder]', 'the project to pack', '.')
    .option('--list', 'only list the files, and keep no archive')
    .option('--out <folder>', 'where to put the archive (default: the current folder)', nonEmpty)
    .option('--ignore-scripts', 'do not run the scripts of the package')
    .action((path: string, options: PackageOptions) =>
      packProject(context, {
        path,
        listOnly: options.list ?? false,
        folder: options.out,
        runScripts: !options.ignoreScripts,
      }),
    );
}
