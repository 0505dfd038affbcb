import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { answerCargo } from './cargo-credential/answer-cargo.ts';
import type { CargoContext } from './cargo-credential/context.ts';
import type { CargoRequest } from './cargo-credential/messages.ts';
import { serve } from './cargo-credential/serve.ts';
import type { CargoSettings } from './config/cargo-settings.ts';
import { type ConfigFile, createConfigFile, nameOf } from './config/config-file.ts';
import { configPath } from './config/config-folder.ts';
import { createLogins } from './config/logins.ts';
import { parseIndexUrl } from './config/registry-url.ts';
import { createCargoKeychain } from './credentials/cargo-keychain.ts';
import { createCredentials } from './credentials/chain.ts';
import { createEnvironmentProvider } from './credentials/environment.ts';
import { createKeychain } from './credentials/keychain.ts';
import type { AskKeychain } from './credentials/keychain-process.ts';
import type { RunTool } from './credentials/keychain-tool.ts';
import { deferredPrompter, once } from './deferred.ts';
import { PubError } from './errors.ts';
import { withRetries } from './http/retry.ts';
import { createTransport } from './http/undici-transport.ts';
import { Secret } from './secret.ts';
import { type ControllingTerminal, openControllingTerminal } from './terminal/controlling-terminal.ts';
import { printable } from './terminal/printable.ts';
import type { Prompter } from './terminal/prompter.ts';
import { version } from './version.ts';

/*
 * The wiring of `cargo-credential-pub`: as `wiring.ts` for `pub`, and as small as its one task. It has no commands,
 * reads none of npm's settings, and writes to its output only what `serve` does.
 */

const environment: Readonly<Record<string, string | undefined>> = process.env;
const { platform } = process;

/** Milliseconds. Cargo waits meanwhile, and says nothing. */
const longestSilence = 30_000;

/** One conversation with cargo, to its end; gives the exit code. */
export async function runCargoCredential(argv: readonly string[]): Promise<number> {
  if (argv[0] !== '--cargo-plugin') {
    process.stderr.write(
      'error: this program is for cargo, which starts it\nhint: run `pub setup cargo`, then `cargo publish`\n',
    );
    return 2;
  }
  const person = openControllingTerminal(platform);
  // With the first request: what is wrong with a setting is told in the answer to it.
  const transport = once(async () => openTransport());
  try {
    const answer = async (request: CargoRequest) =>
      await answerCargo(contextFor(person, withRetries(await transport())), request);
    await serve({ input: process.stdin, output: process.stdout, answer });
    return 0;
  } finally {
    person?.close();
    if (transport.used()) await (await transport().catch(() => undefined))?.close();
  }
}

function contextFor(
  person: ControllingTerminal | undefined,
  transport: CargoContext['transport'],
): CargoContext {
  const interactive = person !== undefined;
  const oneTimePassword = environment['PUB_OTP'];
  const note = (text: string): void => void (person?.output ?? process.stderr).write(`${printable(text)}\n`);
  return {
    credentials: credentialsFor(interactive, note),
    transport,
    prompter: deferredPrompter(once(() => loadPrompter(person))),
    interactive,
    environmentOneTimePassword: oneTimePassword ? new Secret(oneTimePassword) : undefined,
    note,
    async connect(url) {
      const { createNpmRegistry } = await import('./ecosystems/npm/registry.ts');
      const target = { name: undefined, url, chosenBy: 'cargo' };
      return createNpmRegistry({ target, transport, clientVersion: version, browser: interactive });
    },
  };
}

function credentialsFor(interactive: boolean, note: (text: string) => void): CargoContext['credentials'] {
  const file = createConfigFile(configPath({ environment, platform, home: homedir() }));
  const settings = once(loadCargoSettings);
  const fromEnvironment = createEnvironmentProvider({
    environment,
    registryOfToken: () => registryOfToken(file, settings),
    npmrcToken: () => undefined,
    cargoToken: async (index) => (await settings()).environmentToken(index),
  });
  const { ask, runTool } = keychainAccess();
  const person = { environment, platform, interactive, note };
  const keychain = createKeychain({ ask, accounts: createLogins(file), ...person });
  const cargoKeychain = createCargoKeychain({ ask, runTool, ...person });
  const unused = { plaintextToken: () => false, projectToken: () => false };
  const { get } = createCredentials([fromEnvironment], keychain, unused, [cargoKeychain]);
  return {
    keychain,
    // Cargo's name for a registry can be another one's name here.
    get: async (target) => await get({ ...target, name: nameOf(target.url, await file.read()) }),
  };
}

async function loadCargoSettings(): Promise<CargoSettings> {
  const { createCargoSettings } = await import('./config/cargo-settings.ts');
  return await createCargoSettings({ environment, home: homedir(), workingDirectory: process.cwd() });
}

/** What `PUB_TOKEN` is for: as for `pub`, but nothing that npm's settings say. */
async function registryOfToken(file: ConfigFile, settings: () => Promise<CargoSettings>): Promise<string> {
  const config = await file.read();
  const wish = environment['PUB_REGISTRY'] || config.default || '';
  if (wish.includes(':')) return parseIndexUrl(wish);
  return config.registries.get(wish) ?? (wish && (await settings()).own.indexOf(wish)) ?? '';
}

/** Loaded with the first question: who has a token in the environment asks none. */
function keychainAccess(): { readonly ask: AskKeychain; readonly runTool: RunTool } {
  const child = once(async () => {
    const { createKeychainProcess, keychainChildPath } = await import('./credentials/keychain-process.ts');
    const childPath = keychainChildPath(import.meta.url);
    return createKeychainProcess({ nodePath: process.execPath, childPath, environment });
  });
  const tool = once(async () => {
    const { createToolRunner } = await import('./credentials/keychain-tool.ts');
    return createToolRunner({ environment });
  });
  return {
    ask: async (request, onWaiting) => await (await child())(request, onWaiting),
    runTool: async (program, args, limit) => await (await tool())(program, args, limit),
  };
}

async function loadPrompter(person: ControllingTerminal | undefined): Promise<Prompter> {
  if (person === undefined) {
    const { createUnavailablePrompter } = await import('./terminal/no-prompter.ts');
    return createUnavailablePrompter('set PUB_OTP to the code');
  }
  const [{ createPrompter }, { createPageOpener }] = await Promise.all([
    import('./terminal/inquirer-prompter.ts'),
    import('./terminal/browser.ts'),
  ]);
  const openPage = createPageOpener({ environment, platform });
  return createPrompter({ ...person, openPage });
}

/** The variables that cargo, or the curl in it, reads for the same. */
function openTransport(): ReturnType<typeof createTransport> {
  const httpsProxy = variable('CARGO_HTTP_PROXY', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy');
  const authorities = variable('CARGO_HTTP_CAINFO', 'SSL_CERT_FILE');
  return createTransport({
    userAgent: `pub/${version} node/${process.version} ${platform} ${process.arch}`,
    strictTls: true,
    proxy: variable('CARGO_HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'),
    noProxy: variable('NO_PROXY', 'no_proxy'),
    headersTimeout: longestSilence,
    ...{ httpsProxy, caCertificates: authorities === undefined ? undefined : readAuthorities(authorities) },
  });
}

function variable(...names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): PubError {
  const hint = 'CARGO_HTTP_CAINFO, or SSL_CERT_FILE, names the file';
  return new PubError('E_CONFIG', `cannot read the certificates in ${path}`, { cause, hint });
}
