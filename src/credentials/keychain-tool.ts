import { spawn } from 'node:child_process';
import { PubError } from '../errors.ts';
import { passedOn } from './keychain-process.ts';

/** How a program of the system ended: by itself, not at all in the time it was given, or because there is none. */
export type ToolOutcome =
  | { readonly status: 'ended'; readonly code: number; readonly stdout: string }
  | { readonly status: 'late' }
  | { readonly status: 'missing' };

export interface ToolOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted on Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program with arguments, none of them secret, for at most `limit` milliseconds. */
export type RunTool = (program: string, args: readonly string[], limit: number) => Promise<ToolOutcome>;

/** Far more than an entry holds. Characters. */
const longestOutput = 256 * 1024;

/** Runs the system's own keychain programs. What they print is read; nothing is given to them but arguments. */
export function createToolRunner({ environment, signal }: ToolOptions): RunTool {
  return async (program, args, limit) => {
    if (signal?.aborted === true) throw interrupted();
    const env = Object.fromEntries(passedOn.map((name) => [name, environment[name]]));
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
    const { promise, resolve, reject } = Promise.withResolvers<ToolOutcome>();
    const timer = setTimeout(() => resolve({ status: 'late' }), limit);
    const abort = (): void => reject(interrupted());
    signal?.addEventListener('abort', abort, { once: true });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < longestOutput) stdout += text;
    });
    child.once('error', () => resolve({ status: 'missing' }));
    child.once('close', (code) => resolve({ status: 'ended', code: code ?? -1, stdout }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      child.kill('SIGKILL');
    }
  };
}

function interrupted(): PubError {
  return new PubError('E_INTERRUPTED', 'interrupted while waiting for the keychain');
}
