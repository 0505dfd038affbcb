import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PubError } from '../errors.ts';
import { parseJsonObject, stringMember } from '../json.ts';
import { Secret } from '../secret.ts';
import { type KeychainAnswer, type KeychainRequest, keychainFaults } from './keychain-protocol.ts';

/** Asks the keychain; always answers in bounded time. Throws only `E_INTERRUPTED`. */
export type AskKeychain = (request: KeychainRequest, onWaiting: () => void) => Promise<KeychainAnswer>;

export interface KeychainProcessOptions {
  /** The `node` to run it with. */
  readonly nodePath: string;
  readonly childPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted on Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<KeychainLimits> | undefined;
}

/** Milliseconds. */
export interface KeychainLimits {
  /** For a process to start, on a busy machine. */
  readonly start: number;
  /** For the service to be there; its own limit for a call is 2 s (measured). */
  readonly service: number;
  /** For a person to see a dialog and type a password. */
  readonly dialog: number;
  /** For a call that may open a dialog, where nobody would see it. A busy machine has taken longer than 0.9 s to save. */
  readonly unattended: number;
  /** How long a call may take before the person is told what it waits for. */
  readonly patience: number;
}

const defaultLimits: KeychainLimits = {
  start: 10_000,
  service: 2_600,
  dialog: 120_000,
  unattended: 5_000,
  patience: 600,
};

/** Where the child's program is: beside the bundle, or in `bin/` of the source. */
export function keychainChildPath(moduleUrl: string): string {
  const bundled = moduleUrl.endsWith('.cjs');
  return fileURLToPath(new URL(bundled ? './keychain-child.cjs' : '../bin/keychain-child.ts', moduleUrl));
}

/**
 * What the binding needs to find the keychain and its dialog, and nothing else: no token of ours or of
 * another program, and no option that would change how the child's `node` runs.
 */
export const passedOn: readonly string[] = [
  ...['HOME', 'USER', 'LOGNAME', 'PATH', 'LANG', 'TMPDIR'],
  ...['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY'],
  ...[
    'SystemRoot',
    'SystemDrive',
    'USERPROFILE',
    'USERNAME',
    'USERDOMAIN',
    'APPDATA',
    'LOCALAPPDATA',
    'TEMP',
  ],
];

type Child = ChildProcessByStdio<Writable, Readable, null>;

export function createKeychainProcess(options: KeychainProcessOptions): AskKeychain {
  const limits = { ...defaultLimits, ...options.limits };
  return async (request, onWaiting) => {
    if (options.signal?.aborted === true) throw interrupted();
    const child = start(options);
    try {
      return await converse(child, { request, onWaiting, limits, signal: options.signal });
    } finally {
      child.kill('SIGKILL');
    }
  };
}

function start({ nodePath, childPath, environment }: KeychainProcessOptions): Child {
  const env = Object.fromEntries(passedOn.map((name) => [name, environment[name]]));
  return spawn(nodePath, [childPath], { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
}

interface Conversation {
  readonly request: KeychainRequest;
  readonly onWaiting: () => void;
  readonly limits: KeychainLimits;
  readonly signal: AbortSignal | undefined;
}

function converse(child: Child, conversation: Conversation): Promise<KeychainAnswer> {
  const { request, onWaiting, limits, signal } = conversation;
  const { promise, resolve, reject } = Promise.withResolvers<KeychainAnswer>();
  let patience: NodeJS.Timeout | undefined;
  let limit = giveUpAfter(limits.start, 'silent', 'its process did not start in time');

  function giveUpAfter(time: number, status: 'silent' | 'locked', reason: string): NodeJS.Timeout {
    return setTimeout(() => resolve({ status, reason }), time);
  }
  function hear(line: string): void {
    const { stage, answer } = understand(line);
    clearTimeout(limit);
    if (answer !== undefined) {
      resolve(answer);
    } else if (stage === 'ready') {
      limit = giveUpAfter(limits.service, 'silent', 'no answer in time');
    } else if (request.mayPrompt) {
      patience ??= setTimeout(onWaiting, limits.patience);
      limit = giveUpAfter(limits.dialog, 'locked', 'nobody answered its dialog');
    } else {
      limit = giveUpAfter(limits.unattended, 'locked', 'it wants to ask a person');
    }
  }
  const abort = (): void => reject(interrupted());

  signal?.addEventListener('abort', abort, { once: true });
  const lines = createInterface({ input: child.stdout }).on('line', hear);
  child.once('error', (error) => resolve({ status: 'unavailable', reason: error.message }));
  child.once('close', () =>
    resolve({ status: 'unavailable', reason: 'its process ended without an answer' }),
  );
  // A child that died has closed its end; its death is what is reported.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify({ ...request, token: request.token?.expose() })}\n`);
  return promise.finally(() => {
    lines.close();
    clearTimeout(limit);
    clearTimeout(patience);
    signal?.removeEventListener('abort', abort);
  });
}

/** A line that is no answer of ours counts as a failure, not as silence. */
function understand(line: string): { stage?: 'ready' | 'asking'; answer?: KeychainAnswer } {
  const object = parseJsonObject(line);
  const status = stringMember(object, 'status');
  const token = stringMember(object, 'token');
  if (status === 'ready' || status === 'asking') return { stage: status };
  if (status === 'found' && token !== undefined) return { answer: { status, token: new Secret(token) } };
  if (status === 'stored' || status === 'erased' || status === 'absent') return { answer: { status } };
  const fault = keychainFaults.find((known) => known === status);
  const reason = stringMember(object, 'reason') ?? 'its process gave no usable answer';
  return { answer: { status: fault ?? 'unavailable', reason } };
}

function interrupted(): PubError {
  return new PubError('E_INTERRUPTED', 'interrupted while waiting for the keychain');
}
