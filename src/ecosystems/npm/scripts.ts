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
}

/** Runs a script of the manifest and says so, if it has one of this name. Throws `E_SCRIPT` when it fails. */
export async function runScriptIfAny({
  event,
  folder,
  manifest,
  environment,
  output,
}: ScriptRun): Promise<boolean> {
  const scripts = manifest.content['scripts'];
  if (!isJsonObject(scripts) || !stringMember(scripts, event)) return false;
  const { default: runScript } = await import('@npmcli/run-script');
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
  }
  return true;
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
