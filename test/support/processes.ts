import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a program ended, and everything it said. */
export interface Finished {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** All of it: nothing is taken over from this process. */
  readonly env: Readonly<Record<string, string>>;
}

export interface RunOptions extends ProcessOptions {
  /** Written to standard input, which is closed after it. */
  readonly input?: string;
  /** Milliseconds until the program is ended by force. */
  readonly timeout?: number;
}

/** Ended by id when this process ends, however a test forgot or failed to do it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) endGroup(child);
});

/** Starts a program as the leader of its own process group, so that its children can be ended with it. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): ChildProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
  // A program that ends without reading its input is not this process's failure.
  child.stdin?.on('error', () => {});
  return child;
}

/** SIGKILL to a started program and all its children. Safe when it has ended. */
export function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // No such group: it has ended by itself.
  }
}

/** Runs a program to its end. A time-out ends it and is an error that holds what it had said. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = startProcess(command, args, options);
  const output = collect(child);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  child.stdin?.end(options.input ?? '');
  const limit = options.timeout ?? 120_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup(child);
  }, limit);
  try {
    const [code, signal] = await closed;
    const finished = { code, signal, stdout: output.stdout(), stderr: output.stderr() };
    if (late)
      throw new Error(`${nameOf(command, args)} was still running after ${limit} ms\n${told(finished)}`);
    return finished;
  } finally {
    clearTimeout(timer);
  }
}

/** Everything a program writes, from now on. */
export function collect(child: ChildProcess): { stdout(): string; stderr(): string } {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return {
    stdout: () => Buffer.concat(stdout).toString('utf8'),
    stderr: () => Buffer.concat(stderr).toString('utf8'),
  };
}

/** The same result, or an error with all of the output when the program did not exit with 0. */
export function expectSuccess(finished: Finished): Finished {
  if (finished.code === 0) return finished;
  throw new Error(`exit code ${finished.code ?? finished.signal}, expected 0\n${told(finished)}`);
}

function told({ stdout, stderr }: Finished): string {
  return `--- stdout\n${stdout}\n--- stderr\n${stderr}`;
}

/** The program and its sub-command; not the rest, which may hold a one-time password. */
function nameOf(command: string, args: readonly string[]): string {
  return [command, ...args.slice(0, 2)].join(' ');
}
