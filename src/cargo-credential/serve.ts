import type { Readable, Writable } from 'node:stream';
import { PubError } from '../errors.ts';
import { printable } from '../terminal/printable.ts';
import {
  answerLine,
  type CargoAnswer,
  type CargoRefusal,
  type CargoRequest,
  hello,
  isRefusal,
  parseRequest,
  refusalLine,
} from './messages.ts';

export interface ServeOptions {
  readonly input: Readable;
  /** Nothing but lines of the protocol goes there: cargo ends at any other. */
  readonly output: Writable;
  answer(request: CargoRequest): Promise<CargoAnswer | CargoRefusal>;
}

/** Characters. A request is a few hundred. */
const longestLine = 64 * 1024;

/** Cause chains end somewhere; one that does not is cut here. */
const causesShown = 8;

/** Greets cargo and answers its requests one after the other, until it has no more. */
export async function serve({ input, output, answer }: ServeOptions): Promise<void> {
  // Cargo was ended: there is nobody to answer, and what is said on the way out is of no use.
  output.on('error', () => {});
  output.write(`${hello}\n`);
  for await (const line of linesOf(input)) output.write(`${await answerTo(line, answer)}\n`);
}

async function answerTo(line: string, answer: ServeOptions['answer']): Promise<string> {
  try {
    const request = parseRequest(line);
    const outcome = isRefusal(request) ? request : await answer(request);
    return isAnswer(outcome) ? answerLine(outcome) : refusalLine(outcome);
  } catch (error) {
    return refusalLine(refusalOfError(error));
  }
}

function isAnswer(outcome: CargoAnswer | CargoRefusal): outcome is CargoAnswer {
  return outcome.kind === 'get' || outcome.kind === 'login' || outcome.kind === 'logout';
}

async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > longestLine) {
      yield rest;
      return;
    }
  }
  if (rest.trim() !== '') yield rest;
}

/** For cargo to print, as it is: what was attempted, then why, and last what to do. */
function refusalOfError(error: unknown): CargoRefusal {
  if (!(error instanceof PubError)) {
    const message = error instanceof Error ? error.message : String(error);
    const text = printable(`unexpected: ${message}`);
    return { kind: 'other', message: text, 'caused-by': ['this is a mistake in pub: please report it'] };
  }
  const hint = error.hint === undefined ? [] : [`what to do: ${error.hint}`];
  const causes = [...causesOf(error), ...hint];
  return { kind: 'other', message: printable(error.message), 'caused-by': causes.map(printable) };
}

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let { cause } = error;
  while (cause instanceof Error && causes.length < causesShown) {
    if (cause.message !== '') causes.push(cause.message);
    ({ cause } = cause);
  }
  return causes;
}
