import type { Context } from './context.ts';
import { exitCodeOf, PubError } from './errors.ts';
import type { Terminal } from './terminal/terminal.ts';
import { version } from './version.ts';

/** What one command line may use, and what has to be tidied after it. */
export interface Session {
  readonly context: Context;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Removes temporary folders and closes connections, also while a command is still at work. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly json: boolean;
  /** What `--ecosystem` says, as typed. */
  readonly ecosystem?: string | undefined;
}

export type Start = (options: StartOptions) => Promise<Session>;

/** Cause chains end somewhere; one that does not is cut here. */
const causesShown = 8;

/** One command line in, one exit code out. The only place that catches everything, and prints errors. */
export async function main(argv: readonly string[], start: Start): Promise<number> {
  const { context, signal, close } = await start({ json: wantsJson(argv), ecosystem: ecosystemIn(argv) });
  try {
    await Promise.race([runCommandLine(argv, context), interruption(signal)]);
    return 0;
  } catch (error) {
    report(error, context.terminal);
    return exitCodeOf(error);
  } finally {
    await close();
  }
}

/** Looked for before the command line is parsed, because a wrong command line is also told as JSON. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Looked for here, because it decides what is loaded. The parser checks it. */
function ecosystemIn(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((argument) => /^--ecosystem(=|$)/.test(argument));
  const [, inline] = argv[at]?.split('=') ?? [];
  return at === -1 ? undefined : (inline ?? argv[at + 1]);
}

async function runCommandLine(argv: readonly string[], context: Context): Promise<void> {
  if (asksVersion(argv)) {
    context.terminal.result({ version }, version);
    return;
  }
  const { runProgram } = await import('./commands/run-program.ts');
  await runProgram(context, version, argv);
}

/** Answered without loading the parser: build scripts ask this often. */
function asksVersion(argv: readonly string[]): boolean {
  const [first, ...rest] = argv.filter((argument) => argument !== '--json');
  return rest.length === 0 && (first === '--version' || first === '-V');
}

/** Rejects on Ctrl-C, whatever the command is waiting for. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const interrupted = (): void => reject(new PubError('E_INTERRUPTED', 'interrupted'));
    if (signal.aborted) interrupted();
    else signal.addEventListener('abort', interrupted, { once: true });
  });
}

function report(error: unknown, terminal: Terminal): void {
  if (error instanceof PubError) {
    const { code, message, hint, details } = error;
    terminal.error({ code, message, causes: causesOf(error), hint, ...(details && { details }) });
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.stack !== undefined) terminal.note(error.stack);
  terminal.error({
    code: 'E_UNEXPECTED',
    message: `unexpected: ${message}`,
    causes: causesOf(error),
    hint: `this is a mistake in pub ${version}: please report it, with the lines above and what you typed`,
  });
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < causesShown) {
    const text = textOf(cause);
    if (text !== causes.at(-1)) causes.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** Some errors of the system have a code and no message, such as a refused connection to several addresses. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : cause.name;
}
