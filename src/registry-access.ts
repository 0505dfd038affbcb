import { homedir } from 'node:os';
import { type ConfigFile, createConfigFile } from './config/config-file.ts';
import { configPath } from './config/config-folder.ts';
import { createRegistries } from './config/known-registries.ts';
import { createLogins } from './config/logins.ts';
import type { Registries } from './config/registries.ts';
import type { RegistryTarget } from './config/registry-target.ts';
import { createCargoKeychain } from './credentials/cargo-keychain.ts';
import { createCredentials } from './credentials/chain.ts';
import { createEnvironmentProvider } from './credentials/environment.ts';
import { createKeychain } from './credentials/keychain.ts';
import type { AskKeychain } from './credentials/keychain-process.ts';
import type { RunTool } from './credentials/keychain-tool.ts';
import type { Credentials } from './credentials/provider.ts';
import { once } from './deferred.ts';
import { defaultRegistryUrl } from './ecosystems/npm/default-registry.ts';
import { createNpmSettings } from './ecosystems/npm/npm-settings.ts';
import { createNpmRegistry } from './ecosystems/npm/registry.ts';
import type { Registry } from './ecosystems/registry.ts';
import { withRetries } from './http/retry.ts';
import type { Transport } from './http/transport.ts';
import { createTransport } from './http/undici-transport.ts';
import type { Terminal } from './terminal/terminal.ts';
import { version } from './version.ts';

/*
 * The part of the wiring that whoever speaks to a registry needs all of. One file for the bundler to put
 * together: loaded one by one, these modules took 15 ms longer (measured).
 */

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = Awaited<ReturnType<typeof createNpmSettings>>;

export interface AccessSources {
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** Registries, their tokens, and connections to them. */
export interface RegistryAccess {
  readonly registries: Registries;
  readonly credentials: Credentials;
  /** Variables that a credential setting in an `.npmrc` refers to. */
  readonly credentialVariables: readonly string[];
  connect(target: RegistryTarget): Registry;
  close(): Promise<void>;
}

export async function createRegistryAccess(sources: AccessSources): Promise<RegistryAccess> {
  const { environment } = sources;
  const settings = await createNpmSettings({
    environment,
    home: homedir(),
    projectFolder: process.cwd(),
    nodeExecutable: process.execPath,
  });
  const file = createConfigFile(configPath({ environment, platform: process.platform, home: homedir() }));
  let connections: Connections | undefined;
  return {
    registries: registriesFrom(file, settings, environment),
    credentials: credentialsFrom(file, settings, sources),
    credentialVariables: settings.credentialVariables,
    connect(target) {
      connections ??= openConnections(settings, sources);
      return createNpmRegistry({
        target,
        transport: connections.transport,
        clientVersion: version,
        browser: sources.interactive,
      });
    },
    close: async () => await connections?.close(),
  };
}

function registriesFrom(
  file: ConfigFile,
  npm: Pick<Settings, 'registryFor'>,
  environment: Environment,
): Registries {
  return createRegistries({ file, npm, environment, fallbackDefault: defaultRegistryUrl });
}

function credentialsFrom(file: ConfigFile, settings: Settings, sources: AccessSources): Credentials {
  const { environment, interactive, terminal } = sources;
  const outsideProject = registriesFrom(file, settings.outsideProject, environment);
  const fromEnvironment = createEnvironmentProvider({
    environment,
    registryOfToken: async () => (await outsideProject.resolve({})).url,
    npmrcToken: settings.environmentToken,
  });
  const ask = askKeychain(sources);
  const { platform } = process;
  const person = { environment, platform, interactive, note: terminal.note };
  const keychain = createKeychain({ ask, accounts: createLogins(file), ...person });
  const cargoKeychain = createCargoKeychain({ ask, runTool: toolRunner(sources), ...person });
  const { registryOfToken } = fromEnvironment;
  return createCredentials([fromEnvironment], keychain, { ...settings, registryOfToken }, [cargoKeychain]);
}

/** Loaded with the first question: who has a token in the environment asks none. */
function askKeychain({ environment, signal }: AccessSources): AskKeychain {
  const load = once(async () => {
    const { createKeychainProcess, keychainChildPath } = await import('./credentials/keychain-process.ts');
    const childPath = keychainChildPath(import.meta.url);
    return createKeychainProcess({ nodePath: process.execPath, childPath, environment, signal });
  });
  return async (request, onWaiting) => await (await load())(request, onWaiting);
}

/** Loaded with the first question: only cargo's entries need it. */
function toolRunner(sources: AccessSources): RunTool {
  const load = once(async () => {
    const { createToolRunner } = await import('./credentials/keychain-tool.ts');
    return createToolRunner(sources);
  });
  return async (program, args, limit) => await (await load())(program, args, limit);
}

interface Connections {
  readonly transport: Transport;
  close(): Promise<void>;
}

function openConnections(settings: Settings, { environment, terminal, signal }: AccessSources): Connections {
  const { caCertificates, strictTls, proxy, httpsProxy, noProxy } = settings;
  if (!strictTls) terminal.warn('certificates are not checked: `strict-ssl` is off in the settings of npm');
  const userAgent = `pub/${version} node/${process.version} ${process.platform} ${process.arch}`;
  const sender = createTransport({
    ...{ userAgent, caCertificates, strictTls, proxy, httpsProxy, noProxy, signal },
  });
  const traced = environment['PUB_DEBUG'] ? withRequestLines(sender, terminal) : sender;
  return { transport: withRetries(traced, { signal }), close: () => sender.close() };
}

function withRequestLines(transport: Transport, terminal: Terminal): Transport {
  const traced = once(async () => {
    const { withTrace } = await import('./http/trace.ts');
    return withTrace(transport, terminal.note);
  });
  return { send: async (request) => await (await traced()).send(request) };
}
