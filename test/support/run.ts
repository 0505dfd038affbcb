import type { Context } from '../../src/context.ts';
import { main, type Session } from '../../src/main.ts';
import { createUnavailablePrompter } from '../../src/terminal/no-prompter.ts';
import { createTerminal, type OutputStream } from '../../src/terminal/stream-terminal.ts';
import { type Answers, contextWith, scriptedPrompter } from './scripted-context.ts';

/** What a test gives its command; everything else throws "unexpected …" when touched. */
export interface Given extends Partial<Context> {
  /** The answers of a person at the terminal. Without them there is nobody to ask. */
  readonly answers?: Answers;
  /** What is piped into the command. */
  readonly standardInput?: string;
  /** Presses Ctrl-C. */
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with the real terminal writing into memory. */
export async function run(commandLine: string | readonly string[], given: Given = {}): Promise<Outcome> {
  const argv = typeof commandLine === 'string' ? commandLine.split(' ').filter(Boolean) : commandLine;
  const { answers, standardInput, signal, ...members } = given;
  const stdout = memoryStream();
  const stderr = memoryStream();
  const prompter = answers === undefined ? undefined : scriptedPrompter(answers);
  let closed = 0;
  const start = async ({ json }: { readonly json: boolean }): Promise<Session> => ({
    context: contextWith({
      terminal: await createTerminal({ stdout, stderr, environment: {}, json }),
      prompter: prompter ?? createUnavailablePrompter(),
      environmentOneTimePassword: undefined,
      ...(standardInput === undefined ? {} : { readStandardInput: async () => standardInput }),
      ...members,
    }),
    signal: signal ?? new AbortController().signal,
    async close() {
      closed += 1;
    },
  });
  const exitCode = await main(argv, start);
  prompter?.finish();
  if (closed !== 1) throw new Error(`the session was closed ${closed} times`);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function memoryStream(): OutputStream & { text(): string } {
  let written = '';
  return {
    write(text) {
      written += text;
    },
    on() {},
    text: () => written,
  };
}
