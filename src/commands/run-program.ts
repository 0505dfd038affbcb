import { type Command, CommanderError } from 'commander';
import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { createProgram } from './index.ts';

/** Help is the same text wherever it is read: on a wide screen, in a pipe, in `docs/commands.md`. */
const helpWidth = 80;

/** Parses a command line and runs the command. Throws `E_USAGE` for a wrong one; help is a result like any other. */
export async function runProgram(context: Context, version: string, argv: readonly string[]): Promise<void> {
  const program = createProgram(context, version);
  const output: string[] = [];
  collectOutput(program, output);
  try {
    await program.parseAsync(ofKnownCommand(program, withLongWorkspaces(argv)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (output.length === 0) throw usageError(error);
    const help = output.join('').trimEnd();
    context.terminal.result({ help }, help);
  }
}

/** `help publsh` is answered as `publsh` is; commander would print the help for all commands. */
function ofKnownCommand(program: Command, argv: readonly string[]): readonly string[] {
  const [first, named] = argv.filter((argument) => !argument.startsWith('-'));
  const isUnknown = named !== undefined && !program.commands.some((command) => command.name() === named);
  return first === 'help' && isUnknown ? [named] : argv;
}

/** npm's `-ws`, which commander would read as `-w s`. */
function withLongWorkspaces(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) =>
    argument === '-ws' && (end === -1 || index < end) ? '--workspaces' : argument,
  );
}

/**
 * Commander neither exits nor prints: the text it would print is collected, and its errors, which it both
 * prints and throws, are only thrown. A command attached with `addCommand` inherits none of this.
 */
export function collectOutput(program: Command, output: string[]): void {
  const collect = (text: string): void => {
    output.push(text);
  };
  program.exitOverride();
  program.configureOutput({
    writeOut: collect,
    writeErr: collect,
    outputError: () => {},
    getOutHelpWidth: () => helpWidth,
    getErrHelpWidth: () => helpWidth,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  inheritSettings(program);
}

function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

/** Commander's words in our form. What was typed as a value is left out: it may be a token in the wrong place. */
function usageError({ message }: CommanderError): PubError {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const text = first
    .replace(/^(unknown option '[^=']*)=.*'$/, "$1'")
    .replace(/^(too many arguments.* but got \d+).*$/, '$1')
    .replace(/\.$/, '');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(rest.join(' '))?.[1];
  const hint =
    suggestion === undefined ? 'run it with --help to see how it is used' : `did you mean \`${suggestion}\`?`;
  return new PubError('E_USAGE', text, { hint });
}
