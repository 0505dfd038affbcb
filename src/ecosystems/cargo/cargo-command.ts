import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PubError } from '../../errors.ts';
import { isCredentialName } from '../credential-names.ts';

/** How cargo is run. */
export interface CargoSettings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that a credential setting in an `.npmrc` refers to. */
  readonly credentialVariables: readonly string[];
  /** cargo looks for its settings from here upwards. */
  readonly workingDirectory: string;
  /** The file descriptor that cargo talks to: 2, unless a test listens. */
  readonly output: number;
  /** A folder that is gone when the program ends. */
  temporaryFolder(): Promise<string>;
  /** Aborted when the program is told to end. */
  readonly signal?: AbortSignal | undefined;
}

/** What is kept of cargo's answers: the metadata of large workspaces is a few megabytes. */
const longestAnswer = 256 * 1024 * 1024;
const longestComplaint = 4_000;

/** Runs cargo with its words going to the terminal. `attempt` begins the error, such as "failed to pack `a`". */
export async function runCargo(
  args: readonly string[],
  settings: CargoSettings,
  attempt: string,
): Promise<void> {
  const { output } = settings;
  const child = start(args, settings, ['ignore', output, output]);
  await ended(child, attempt, () => undefined);
}

/** What cargo prints on stdout; its complaints become the cause of the error. */
export async function askCargo(
  args: readonly string[],
  settings: CargoSettings,
  attempt: string,
): Promise<string> {
  const child = start(args, settings, ['ignore', 'pipe', 'pipe']);
  const answer: Buffer[] = [];
  let length = 0;
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= longestAnswer) answer.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(0, longestComplaint);
  });
  await ended(child, attempt, () => complaint);
  return Buffer.concat(answer).toString('utf8');
}

/**
 * Without any credential: cargo runs what the project's settings name (a compiler's wrapper, a credential provider),
 * and with `--verify` its build scripts.
 */
function start(args: readonly string[], settings: CargoSettings, stdio: ('ignore' | 'pipe' | number)[]) {
  const { environment, credentialVariables, workingDirectory, signal } = settings;
  const taken = new Set(credentialVariables.map((name) => name.toUpperCase()));
  const given = Object.entries(environment).filter(
    ([name]) => !taken.has(name.toUpperCase()) && !isCredentialName(name),
  );
  const child = spawn('cargo', args, {
    cwd: workingDirectory,
    env: Object.fromEntries(given),
    stdio,
    windowsHide: true,
  });
  // Ctrl-C comes to cargo from the terminal.
  signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return child;
}

async function ended(
  child: ChildProcess,
  attempt: string,
  complaint: () => string | undefined,
): Promise<void> {
  let code: number | null;
  let signal: NodeJS.Signals | null;
  try {
    [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  } catch (cause) {
    throw notStarted(attempt, cause);
  }
  if (code === 0) return;
  if (signal === 'SIGINT' || signal === 'SIGTERM')
    throw new PubError('E_INTERRUPTED', `cargo was ended by ${signal}`);
  const said = complaint();
  throw new PubError('E_PROJECT', attempt, {
    cause: new Error(said === undefined ? `cargo ended with exit code ${code}` : withoutLabel(said)),
    hint: said === undefined ? 'what cargo says about it is above' : undefined,
  });
}

function withoutLabel(complaint: string): string {
  return complaint.trim().replace(/^error: /, '') || 'cargo gave no reason';
}

function notStarted(attempt: string, cause: unknown): PubError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new PubError('E_PROJECT', attempt, {
    cause: missing ? new Error('there is no `cargo` on the path, and cargo alone packs crates') : cause,
    hint: 'install Rust (rustup brings cargo), or give a `.crate` that was packed elsewhere',
  });
}
