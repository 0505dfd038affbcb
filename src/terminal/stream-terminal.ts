import { createStyle, type Environment, type Style, wantsColor } from './color.ts';
import { printable, printableJson, printableLines } from './printable.ts';
import { createProgressLine } from './progress-line.ts';
import type { Progress, Terminal, TerminalError } from './terminal.ts';

/** The part of a stream that is used; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  write(text: string): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Environment;
  /** Results, and a failure, are written to stdout as JSON. */
  readonly json: boolean;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** Cargo's width: the verbs of a command line up at their ends. */
const verbWidth = 12;
const eraseLine = '\r\u001b[K';

/** Writes to two streams. The only place that does. */
export async function createTerminal(options: TerminalOptions): Promise<Terminal> {
  const { stdout, stderr, environment, json } = options;
  ignoreClosedPipe(stdout);
  ignoreClosedPipe(stderr);
  const style = await createStyle(wantsColor(environment, stderr.isTTY === true));
  const watched = stderr.isTTY === true && environment['TERM'] !== 'dumb';
  let progressShown = false;

  const drawProgress = (line: string): void => {
    progressShown = line !== '';
    stderr.write(`${eraseLine}${line}`);
  };
  const say = (line: string): void => {
    if (progressShown) drawProgress('');
    stderr.write(`${line}\n`);
  };

  return {
    result(value, text) {
      if (progressShown) drawProgress('');
      if (json) stdout.write(`${printableJson(value)}\n`);
      else if (text !== '') stdout.write(`${printableLines(text)}\n`);
    },
    status(verb, text) {
      say(`${style.verb(printable(verb).padStart(verbWidth))} ${printable(text)}`);
    },
    note(text) {
      say(printableLines(text));
    },
    fields(fields) {
      for (const line of fieldLines(fields, style)) say(line);
    },
    warn(text) {
      say(`${style.warning('warning:')} ${printable(text)}`);
    },
    error(error) {
      for (const line of errorLines(error, style)) say(line);
      const { code, message, causes, hint, details } = error;
      const told = { code, message, causes, hint: hint ?? null, ...(details && { details }) };
      if (json) stdout.write(`${printableJson({ error: told })}\n`);
    },
    async qrCode(text) {
      if (!watched) return;
      const { renderUnicodeCompact } = await import('uqr');
      say(style.qrCode(renderUnicodeCompact(text, { border: 2 })));
    },
    progress(label, total, unit = 'bytes'): Progress {
      if (!watched) return { update() {}, finish() {} };
      return createProgressLine({
        label: printable(label),
        total,
        unit,
        columns: stderr.columns ?? 80,
        now: options.now ?? (() => performance.now()),
        draw: drawProgress,
      });
    },
  };
}

/**
 * `pub … | head` closes the pipe early. That is no failure: what is written after it has no reader. Without
 * a listener the error would end the program with a stack.
 */
function ignoreClosedPipe(stream: OutputStream): void {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

function fieldLines(fields: readonly (readonly [string, string])[], style: Style): string[] {
  const clean = fields.map(([name, value]) => [printable(name), printable(value)] as const);
  const width = Math.max(0, ...clean.map(([name]) => name.length));
  return clean.map(([name, value]) => `${style.name(name.padEnd(width))}  ${value}`);
}

function errorLines(error: TerminalError, style: Style): string[] {
  return [
    `${style.error('error:')} ${printable(error.message)}`,
    ...error.causes.map((cause) => `caused by: ${printable(cause)}`),
    ...(error.hint === undefined ? [] : [`${style.hint('hint:')} ${printable(error.hint)}`]),
  ];
}
