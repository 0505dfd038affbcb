import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { search } from '../ops/search.ts';
import { ecosystemOption, newCommand, nonEmpty, type RegistryOptions, registryOption } from './options.ts';

interface SearchOptions extends RegistryOptions {
  readonly limit: number;
}

export function searchCommand(context: Context): Command {
  return newCommand('search', 'Search a registry', 'pub search left pad')
    .argument('<words...>', 'what to look for', collectWords)
    .addOption(
      new Option('--limit <number>', 'how many to print, at most 100').argParser(parseLimit).default(10),
    )
    .addOption(registryOption())
    .addOption(ecosystemOption())
    .action((words: readonly string[], options: SearchOptions) =>
      search(context, { words, limit: options.limit, registry: options.registry }),
    );
}

function collectWords(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, nonEmpty(text)];
}

function parseLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 100) throw new InvalidArgumentError('It is not a number from 1 to 100.');
  return limit;
}
