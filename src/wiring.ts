import { join } from 'node:path';
import type { NpmSettings } from './config/npm-settings.ts';
import type { Registries } from './config/registries.ts';
import type { Context } from './context.ts';
import type { Credentials } from './credentials/provider.ts';
import { deferredCredentials, deferredPrompter, deferredRegistries, once } from './deferred.ts';
import type { Ecosystem } from './ecosystems/ecosystem.ts';
import { PubError } from './errors.ts';
import type { Transport } from './http/transport.ts';
import type { Session } from './main.ts';
import { Secret } from './secret.ts';
import type { Prompter } from './terminal/prompter.ts';
import { createTerminal } from './terminal/stream-terminal.ts';
import type { Terminal } from './terminal/terminal.ts';
import { version } from './version.ts';

/*
 * The only file that names concrete adapters, and the only one that reads the process. Everything but the
 * terminal is loaded with its first use: most commands use a few of the parts, and `--version` none.
 */

/** Bytes. Tokens and passwords are short; a file piped in by mistake should not fill the memory. */
const longestInput = 64 * 1024;

const environment: Readonly<Record<string, string | undefined>> = process.env;

/** The real context, for one command line. */
export async function start({ json }: { readonly json: boolean }): Promise<Session> {
  const { stdin, stdout, stderr } = process;
  const signal = interruptionSignal();
  const terminal = await createTerminal({ stdout, stderr, environment, json });
  const interactive = stdin.isTTY === true && stderr.isTTY === true;
  const npmSettings = once(readNpmSettings);
  const registries = deferredRegistries(once(() => loadRegistries(npmSettings)));
  const connections = once(() => loadTransport({ npmSettings, terminal, signal }));
  const folders: string[] = [];
  const oneTimePassword = environment['PUB_OTP'];

  const context: Context = {
    workingDirectory: process.cwd(),
    terminal,
    prompter: deferredPrompter(once(() => loadPrompter(interactive, signal))),
    registries,
    credentials: deferredCredentials(
      once(() => loadCredentials({ npmSettings, terminal, interactive, signal })),
    ),
    environmentOneTimePassword: oneTimePassword ? new Secret(oneTimePassword) : undefined,
    async temporaryFolder() {
      const folder = await makeTemporaryFolder();
      folders.push(folder);
      return folder;
    },
    readStandardInput,
    openProject: async (path) => await openProject(path, [await loadNpm(npmSettings)]),
    async connect(target) {
      const { createNpmRegistry } = await import('./ecosystems/npm/registry.ts');
      const { transport } = await connections();
      return createNpmRegistry({ target, transport, clientVersion: version, browser: interactive });
    },
  };

  async function close(): Promise<void> {
    // What could not be opened has failed the command already.
    if (connections.used()) await (await connections().catch(() => undefined))?.close();
    await removeFolders(folders);
  }

  return { context, signal, close };
}

/** The second Ctrl-C ends the program as it would without us. */
function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => interruption.abort());
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

/** What `os.homedir()` answers. */
async function homeFolder(): Promise<string> {
  const { homedir } = await import('node:os');
  return homedir();
}

async function readNpmSettings(): Promise<NpmSettings & { readonly credentialVariables: readonly string[] }> {
  const { createNpmSettings } = await import('./ecosystems/npm/npm-settings.ts');
  return await createNpmSettings({
    environment,
    home: await homeFolder(),
    projectFolder: process.cwd(),
    nodeExecutable: process.execPath,
  });
}

async function configFile() {
  const [{ createConfigFile }, { configPath }] = await Promise.all([
    import('./config/config-file.ts'),
    import('./config/config-folder.ts'),
  ]);
  return createConfigFile(configPath({ environment, platform: process.platform, home: await homeFolder() }));
}

async function loadRegistries(
  npmSettings: () => Promise<Pick<NpmSettings, 'registryFor'>>,
): Promise<Registries> {
  const [{ createRegistries }, { defaultRegistryUrl }] = await Promise.all([
    import('./config/known-registries.ts'),
    import('./ecosystems/npm/default-registry.ts'),
  ]);
  return createRegistries({
    file: await configFile(),
    npm: await npmSettings(),
    environment,
    fallbackDefault: defaultRegistryUrl,
  });
}

interface CredentialParts {
  readonly npmSettings: () => Promise<NpmSettings>;
  readonly terminal: Terminal;
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

async function loadCredentials(parts: CredentialParts): Promise<Credentials> {
  const { npmSettings, terminal, interactive, signal } = parts;
  const [chain, { createEnvironmentProvider }, { createKeychain }, { createLogins }, keychainProcess, npm] =
    await Promise.all([
      import('./credentials/chain.ts'),
      import('./credentials/environment.ts'),
      import('./credentials/keychain.ts'),
      import('./config/logins.ts'),
      import('./credentials/keychain-process.ts'),
      npmSettings(),
    ]);
  const outsideProject = async () => npm.outsideProject;
  const fromEnvironment = createEnvironmentProvider({
    environment,
    registryOfToken: async () => (await (await loadRegistries(outsideProject)).resolve({})).url,
    npmrcToken: npm.environmentToken,
  });
  const keychain = createKeychain({
    ask: keychainProcess.createKeychainProcess({
      nodePath: process.execPath,
      childPath: keychainProcess.keychainChildPath(import.meta.url),
      environment,
      signal,
    }),
    accounts: createLogins(await configFile()),
    environment,
    platform: process.platform,
    interactive,
    note: terminal.note,
  });
  return chain.createCredentials([fromEnvironment], keychain, npm);
}

interface TransportParts {
  readonly npmSettings: () => Promise<NpmSettings>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function loadTransport({ npmSettings, terminal, signal }: TransportParts) {
  const [{ createTransport }, { withRetries }, settings] = await Promise.all([
    import('./http/undici-transport.ts'),
    import('./http/retry.ts'),
    npmSettings(),
  ]);
  const { caCertificates, strictTls, proxy, httpsProxy, noProxy } = settings;
  if (!strictTls) terminal.warn('certificates are not checked: `strict-ssl` is off in the settings of npm');
  const userAgent = `pub/${version} node/${process.version} ${process.platform} ${process.arch}`;
  const sender = createTransport({
    ...{ userAgent, caCertificates, strictTls, proxy, httpsProxy, noProxy, signal },
  });
  const traced = environment['PUB_DEBUG'] ? await withRequestLines(sender, terminal) : sender;
  return { transport: withRetries(traced, { signal }), close: () => sender.close() };
}

async function withRequestLines(transport: Transport, terminal: Terminal): Promise<Transport> {
  const { withTrace } = await import('./http/trace.ts');
  return withTrace(transport, terminal.note);
}

async function loadNpm(
  npmSettings: () => Promise<{ readonly credentialVariables: readonly string[] }>,
): Promise<Ecosystem> {
  const [{ createNpmEcosystem }, { credentialVariables }] = await Promise.all([
    import('./ecosystems/npm/npm-ecosystem.ts'),
    npmSettings(),
  ]);
  const standardError = 2;
  const workingDirectory = process.cwd();
  return createNpmEcosystem({ environment, credentialVariables, workingDirectory, output: standardError });
}

async function openProject(path: string, ecosystems: readonly Ecosystem[]) {
  for (const ecosystem of ecosystems) {
    const project = await ecosystem.open(path);
    if (project !== undefined) return project;
  }
  throw new PubError('E_PROJECT', `there is no package at ${path}`, {
    hint: 'give a folder with a package.json, or an archive that ends in .tgz',
  });
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
