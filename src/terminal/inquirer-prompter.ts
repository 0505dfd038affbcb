import type { Readable } from 'node:stream';
import { PubError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { linesOf, printable } from './printable.ts';
import type { Prompter, Question } from './prompter.ts';

export interface PrompterOptions {
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Where prompts are drawn: stderr. */
  readonly output: NodeJS.WritableStream & { readonly columns?: number };
  /** Opens a page in a browser, if there is one. Never fails: the address is on the screen as well. */
  readonly openPage: (url: string) => Promise<void>;
  /** Ctrl-C outside a prompt; takes an open prompt down too. */
  readonly signal?: AbortSignal | undefined;
}

type Settings = { input: Readable; output: NodeJS.WritableStream; signal: AbortSignal };

/** Asks at the terminal. The library is loaded with the first question. */
export function createPrompter(options: PrompterOptions): Prompter {
  return {
    text: ({ message }) =>
      ask(options, async (settings) => {
        const { input } = await import('@inquirer/prompts');
        return await input({ message: asked(options, message), required: true }, settings);
      }),
    secret: ({ message }) =>
      ask(options, async (settings) => {
        const { password } = await import('@inquirer/prompts');
        // toggleMask would show what was typed on Ctrl-T; a mask would show how long it is.
        const question = { message: asked(options, message), mask: false, toggleMask: false };
        return new Secret(await password(question, settings));
      }),
    optionalSecret: (question) =>
      ask(options, async (settings) => {
        const { password } = await import('@inquirer/prompts');
        const hidden = { message: asked(options, question.message), mask: false, toggleMask: false };
        const answer = await password(hidden, settings);
        return answer === '' ? undefined : new Secret(answer);
      }),
    visit: async ({ message, url }) => {
      options.output.write(`${printable(message)}\n  ${printable(url)}\n`);
      await options.openPage(url);
    },
    confirm: ({ message }: Question) =>
      ask(options, async (settings) => {
        const { confirm } = await import('@inquirer/prompts');
        return await confirm({ message: asked(options, message), default: false }, settings);
      }),
  };
}

/** What stands on the line besides the question: a mark before it, and what the library says of hidden input. */
const besides = '? '.length + ' [input is masked]'.length;

/** Broken between words: the library leaves the end of a line to the terminal, which breaks within them (measured). */
function asked({ output }: PrompterOptions, message: string): string {
  return linesOf(printable(message), (output.columns ?? 80) - besides).join('\n  ');
}

/** Ends the question when the input ends: the library would wait for ever (measured). */
async function ask<T>(options: PrompterOptions, question: (settings: Settings) => Promise<T>): Promise<T> {
  const { input, output, signal } = options;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  input.once('end', end);
  input.once('close', end);
  try {
    const signals = signal === undefined ? [ended.signal] : [ended.signal, signal];
    return await question({ input, output, signal: AbortSignal.any(signals) });
  } catch (error) {
    throw isInterruption(error) ? interrupted() : error;
  } finally {
    input.off('end', end);
    input.off('close', end);
  }
}

/** Without the library's error as its cause: that says nothing a person does not know. */
function interrupted(): PubError {
  return new PubError('E_INTERRUPTED', 'interrupted before an answer was given');
}

function isInterruption(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError');
}
