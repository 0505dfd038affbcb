import { join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { ecosystemChooser } from './choose-ecosystem.ts';
import type { CargoConfig } from './config/cargo-config.ts';
import type { Context } from './context.ts';
import {
  deferredCargoConfig,
  deferredCredentials,
  deferredPrompter,
  deferredRegistries,
  once,
} from './deferred.ts';
import type { Ecosystem, Projects } from './ecosystems/ecosystem.ts';
import { PubError } from './errors.ts';
import type { Session, StartOptions } from './main.ts';
import type { AccessSources, RegistryAccess } from './registry-access.ts';
import { Secret } from './secret.ts';
import type { Prompter } from './terminal/prompter.ts';
import { createTerminal } from './terminal/stream-terminal.ts';

/*
 * With `registry-access.ts`, which is loaded where a registry is spoken to, the only file that names concrete
 * adapters, and the only one that reads the process. Everything but the terminal is loaded with its first
 * use: most commands use a few of the parts, and `--version` none.
 */

/** Bytes. Tokens and passwords are short; a file piped in by mistake should not fill the memory. */
const longestInput = 64 * 1024;

const environment: Readonly<Record<string, string | undefined>> = process.env;

/** The real context, for one command line. */
export async function start({ json, ecosystem }: StartOptions): Promise<Session> {
  const { stdout, stderr } = process;
  const signal = interruptionSignal();
  const terminal = await createTerminal({ stdout, stderr, environment, json });
  // Asked of the descriptors: `process.stdin` is a stream, and takes 2 ms to make (measured).
  const interactive = isatty(0) && isatty(2);
  const prompter = deferredPrompter(once(() => loadPrompter(interactive, signal)));
  const forced = ecosystem === 'npm' || ecosystem === 'cargo' ? ecosystem : undefined;
  const ecosystemAt = ecosystemChooser({ forced, prompter });
  const ecosystemHere = () => ecosystemAt(process.cwd());
  const access = once(() =>
    openAccess({ environment, terminal, interactive, signal, forced, ecosystemHere }),
  );
  const folders: string[] = [];
  const oneTimePassword = environment['PUB_OTP'];

  async function temporaryFolder(): Promise<string> {
    const folder = await makeTemporaryFolder();
    folders.push(folder);
    return folder;
  }

  const context: Context = {
    workingDirectory: process.cwd(),
    terminal,
    prompter,
    registries: deferredRegistries(async () => (await access()).registries),
    projects: projectsOf(async (path) => {
      const { credentialVariables } = await access();
      const load = (await ecosystemAt(path)) === 'cargo' ? loadCargo : loadNpm;
      return await load({ credentialVariables, signal, temporaryFolder });
    }),
    credentials: deferredCredentials(async () => (await access()).credentials),
    cargoConfig: deferredCargoConfig(once(loadCargoConfig)),
    environmentOneTimePassword: oneTimePassword ? new Secret(oneTimePassword) : undefined,
    temporaryFolder,
    readStandardInput,
    connect: async (target) => (await access()).connect(target),
  };

  async function close(): Promise<void> {
    // What could not be opened has failed the command already.
    if (access.used()) await (await access().catch(() => undefined))?.close();
    await removeFolders(folders);
  }

  return { context, signal, close };
}

/** Its reason is an error with the signal's name. The second Ctrl-C ends the program as it would without us. */
function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Not `once`: a prompt's own listener ends the program when it finds itself alone.
    const interrupt = (): void => {
      if (interruption.signal.aborted) {
        process.off(name, interrupt);
        process.kill(process.pid, name);
      } else interruption.abort(new Error(name));
    };
    process.on(name, interrupt);
  }
  return interruption.signal;
}

async function makeTemporaryFolder(): Promise<string> {
  const [{ mkdtemp }, { tmpdir }] = await Promise.all([import('node:fs/promises'), import('node:os')]);
  const parent = tmpdir();
  return await mkdtemp(join(parent, 'pub-')).catch((cause) => {
    const hint = 'TMPDIR names the folder to use';
    throw new PubError('E_CONFIG', `failed to make a temporary folder in ${parent}`, { cause, hint });
  });
}

async function removeFolders(folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return;
  const { rm } = await import('node:fs/promises');
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

async function openAccess(sources: AccessSources): Promise<RegistryAccess> {
  const { createRegistryAccess } = await import('./registry-access.ts');
  return await createRegistryAccess(sources);
}

interface EcosystemParts {
  readonly credentialVariables: readonly string[];
  readonly signal: AbortSignal;
  temporaryFolder(): Promise<string>;
}

/** Scripts and cargo talk where this program's own conversation is. */
const standardError = 2;

async function loadCargo(parts: EcosystemParts): Promise<Ecosystem> {
  const { createCargoEcosystem } = await import('./ecosystems/cargo/cargo-ecosystem.ts');
  const workingDirectory = process.cwd();
  return createCargoEcosystem({ ...parts, environment, workingDirectory, output: standardError });
}

async function loadNpm({ credentialVariables, signal }: EcosystemParts): Promise<Ecosystem> {
  const { createNpmEcosystem } = await import('./ecosystems/npm/npm-ecosystem.ts');
  const workingDirectory = process.cwd();
  return createNpmEcosystem({
    ...{ environment, credentialVariables, workingDirectory, signal },
    output: standardError,
  });
}

function projectsOf(load: (path: string) => Promise<Ecosystem>): Projects {
  return {
    async open(path) {
      const project = await (await load(path)).open(path);
      if (project !== undefined) return project;
      throw new PubError('E_PROJECT', `there is no package at ${path}`, {
        hint: 'give a folder with a package.json or a Cargo.toml, or an archive that ends in .tgz or .crate',
      });
    },
    async openMembers(path, choice) {
      const members = await (await load(path)).openMembers(path, choice);
      if (members !== undefined) return members;
      throw new PubError('E_PROJECT', `there is no workspace at ${path}`, {
        hint: 'a workspace lists its members in the package.json, the pnpm-workspace.yaml or the Cargo.toml of its root',
      });
    },
  };
}

async function loadCargoConfig(): Promise<CargoConfig> {
  const [{ createCargoConfig }, { homedir }] = await Promise.all([
    import('./config/cargo-config-file.ts'),
    import('node:os'),
  ]);
  // Beside the bundle, or in `bin/` of the source.
  const bundled = import.meta.url.endsWith('.cjs');
  const provider = bundled ? './cargo-credential-pub.cjs' : '../bin/cargo-credential-pub.ts';
  const providerPath = fileURLToPath(new URL(provider, import.meta.url));
  return createCargoConfig({ environment, platform: process.platform, home: homedir(), providerPath });
}

async function loadPrompter(interactive: boolean, signal: AbortSignal): Promise<Prompter> {
  if (!interactive) {
    const { createUnavailablePrompter } = await import('./terminal/no-prompter.ts');
    return createUnavailablePrompter();
  }
  const [{ createPrompter }, { createPageOpener }] = await Promise.all([
    import('./terminal/inquirer-prompter.ts'),
    import('./terminal/browser.ts'),
  ]);
  const openPage = createPageOpener({ environment, platform: process.platform });
  return createPrompter({ input: process.stdin, output: process.stderr, openPage, signal });
}

/** Refuses a terminal, which would show the secret while it is typed. */
async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new PubError('E_USAGE', 'standard input is a terminal, where a secret was to be piped in', {
      hint: 'leave the option out to be asked without showing what you type',
    });
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > longestInput) throw new PubError('E_USAGE', 'standard input is too long to be a secret');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
