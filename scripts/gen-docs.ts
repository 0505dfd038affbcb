/**
 * Writes `docs/commands.md` from the command tree; with `--check` only says whether it is up to date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { createProgram } from '../src/commands/index.ts';
import { collectOutput } from '../src/commands/run-program.ts';
import type { Context } from '../src/context.ts';

const file = new URL('../docs/commands.md', import.meta.url);

const introduction = `# Commands

Written by \`npm run docs\` from the commands themselves. Every command takes \`--json\` (its result, or its error,
as JSON on stdout) and \`--help\`. Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed,
2 wrong usage, 4 not logged in, 130 interrupted; the error codes are in [errors.md](errors.md).
`;

/** The commands themselves, without the groups that only hold them. */
function leaves(command: Command, path: readonly string[]): [name: string, command: Command][] {
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

const program = createProgram({} as Context, '');
const output: string[] = [];
collectOutput(program, output);

function section([name, command]: readonly [string, Command]): string {
  command.outputHelp();
  return `## \`${name}\`\n\n\`\`\`\n${output.splice(0).join('').trim()}\n\`\`\`\n`;
}

const text = [introduction, ...leaves(program, ['pub']).map(section)].join('\n');

if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8')) !== text) {
  process.stderr.write('docs/commands.md is out of date: run `npm run docs`\n');
  process.exitCode = 1;
}
