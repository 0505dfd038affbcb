import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { PubError } from '../../errors.ts';
import { isJsonObject, stringMember } from '../../json.ts';
import type { Manifest } from './manifest.ts';

/** Lifecycle scripts, in npm's order (measured, npm 12): before packing, after packing, after the upload. */
export const scriptsBefore = {
  package: ['prepack', 'prepare'],
  publish: ['prepublishOnly', 'prepack', 'prepare'],
} as const;
export const scriptsAfterPacking = ['postpack'] as const;
export const scriptsAfterPublish = ['publish', 'postpublish'] as const;

export interface ScriptRun {
  readonly event: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file descriptor the script writes to, both its results and its errors. */
  readonly output: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a script of the manifest and says so, if it has one of this name. Throws `E_SCRIPT` when it fails. */
export async function runScriptIfAny({
  event,
  folder,
  manifest,
  environment,
  output,
  signal,
}: ScriptRun): Promise<boolean> {
  const scripts = manifest.content['scripts'];
  if (!isJsonObject(scripts) || !stringMember(scripts, event)) return false;
  const { default: runScript } = await import('@npmcli/run-script');
  const ending = endWith(signal);
  try {
    await runScript({
      event,
      path: folder,
      pkg: manifest.content,
      env: environment,
      // Never our stdout: that is for the command's own result.
      stdio: ['inherit', output, output],
      // Named here, because the runner would otherwise look for a copy of node-gyp beside itself.
      nodeGyp: environment['npm_config_node_gyp'] ?? 'node-gyp',
      ...shellOf(environment),
    });
  } catch (error) {
    throw scriptError(event, manifest, error);
  } finally {
    ending.stop();
  }
  return true;
}

/**
 * Ends the script when this program alone is told to end, as by a CI job that is cancelled: it would go on unseen, in a
 * folder that may be gone. Ctrl-C comes to the script from the terminal, and a second one might cut its tidying short.
 * The runner does not give its process away, so it is heard of from Node.
 */
function endWith(signal: AbortSignal | undefined): { stop(): void } {
  const started: ChildProcess[] = [];
  const hear = (message: unknown): void => {
    started.push((message as { process: ChildProcess }).process);
  };
  const end = (): void => {
    const cause = signal?.reason as Error | undefined;
    if (cause?.message !== 'SIGINT') for (const child of started) endTree(child);
  };
  subscribe('child_process', hear);
  signal?.addEventListener('abort', end, { once: true });
  return {
    stop() {
      unsubscribe('child_process', hear);
      signal?.removeEventListener('abort', end);
    },
  };
}

/** The shell, and on Linux what it started: a shell that is ended does not end its children (measured with dash). */
function endTree(child: ChildProcess): void {
  const below = child.pid === undefined ? [] : descendantsOf(child.pid);
  child.kill('SIGTERM');
  for (const pid of below) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It ended by itself.
    }
  }
}

function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number);
    return children.filter((child) => child > 0).flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

/** npm's `script-shell` setting, where it was made in the environment. */
function shellOf(environment: Readonly<Record<string, string | undefined>>): { scriptShell?: string } {
  const shell = environment['npm_config_script_shell'];
  return shell === undefined ? {} : { scriptShell: shell };
}

function scriptError(event: string, { name, version }: Manifest, cause: unknown): PubError {
  const { code, signal } = cause as { code?: unknown; signal?: unknown };
  const end = typeof signal === 'string' ? `was ended by ${signal}` : `failed with exit code ${String(code)}`;
  if (signal === 'SIGINT') return new PubError('E_INTERRUPTED', `the script \`${event}\` ${end}`);
  return new PubError('E_SCRIPT', `the script \`${event}\` of ${name}@${version} ${end}`, {
    hint: 'its output is above; `--ignore-scripts` runs none',
  });
}
