import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { setUpCargo } from '../ops/set-up-cargo.ts';
import { commandGroup, newCommand } from './options.ts';

export function setupCommand(context: Context): Command {
  return commandGroup('setup', 'Let other programs use the tokens that pub keeps', [
    newCommand('cargo', 'Let `cargo publish` ask pub for its token and you for the code', 'pub setup cargo')
      .option('--undo', 'take it out of the configuration of cargo again')
      .action((options: { readonly undo?: true }) => setUpCargo(context, { undo: options.undo ?? false })),
  ]);
}
