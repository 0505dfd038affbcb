import { homedir } from 'node:os';
import type { CargoNames, CargoSettings } from './config/cargo-settings.ts';
import { type ConfigFile, createConfigFile } from './config/config-file.ts';
import { configPath } from './config/config-folder.ts';
import { createRegistries } from './config/known-registries.ts';
import { createLogins } from './config/logins.ts';
import type { Registries } from './config/registries.ts';
import { isCargoIndex, type RegistryTarget } from './config/registry-target.ts';
import { createCargoKeychain } from './credentials/cargo-keychain.ts';
import { createCredentials } from './credentials/chain.ts';
import { createEnvironmentProvider } from './credentials/environment.ts';
import { createKeychain } from './credentials/keychain.ts';
import type { AskKeychain } from './credentials/keychain-process.ts';
import type { RunTool } from './credentials/keychain-tool.ts';
import type { Credentials } from './credentials/provider.ts';
import { once } from './deferred.ts';
import type { EcosystemName } from './ecosystems/ecosystem.ts';
import { defaultRegistryUrl } from './ecosystems/npm/default-registry.ts';
import { createNpmSettings } from './ecosystems/npm/npm-settings.ts';
import { createNpmRegistry } from './ecosystems/npm/registry.ts';
import type { Registry } from './ecosystems/registry.ts';
import { withNotices } from './http/notices.ts';
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
/** What is known of the ecosystem before a registry is named. */
interface EcosystemHere {
  /** What `--ecosystem` says, if it is given. */
  readonly forced: EcosystemName | undefined;
  /** Of the project in the working directory. */
  readonly ecosystemHere: () => Promise<EcosystemName | undefined>;
}

type Settings = Awaited<ReturnType<typeof createNpmSettings>>;

export interface AccessSources extends EcosystemHere {
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
  connect(target: RegistryTarget): Promise<Registry>;
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
  const cargo = once(() => loadCargoSettings(environment));
  let connections: Connections | undefined;
  return {
    registries: registriesFrom({ ...sources, file, npm: settings, cargo }),
    credentials: credentialsFrom({ ...sources, file, settings, cargo }),
    credentialVariables: settings.credentialVariables,
    async connect(target) {
      connections ??= openConnections(settings, sources);
      const { transport } = connections;
      const browser = sources.interactive;
      const npm = (one: RegistryTarget) =>
        createNpmRegistry({ target: one, transport, clientVersion: version, browser });
      if (!isCargoIndex(target.url)) return npm(target);
      const { createCargoRegistry } = await import('./ecosystems/cargo/registry.ts');
      const pubRegistry = (url: string) => npm({ ...target, url });
      return createCargoRegistry({ target, transport, browser, pubRegistry });
    },
    close: async () => await connections?.close(),
  };
}

interface RegistrySources extends EcosystemHere {
  readonly file: ConfigFile;
  readonly npm: Pick<Settings, 'registryFor'>;
  readonly environment: Environment;
  readonly cargo: () => Promise<CargoNames & Pick<CargoSettings, 'cratesIoReplaced'>>;
}

function registriesFrom(sources: RegistrySources): Registries {
  const { environment } = sources;
  return createRegistries({
    ...sources,
    fallbackDefault: defaultRegistryUrl,
    cargo: once(async () => {
      const { createCargoRegistries } = await import('./config/cargo-registries.ts');
      return createCargoRegistries({ settings: await sources.cargo(), environment });
    }),
  });
}

/** Loaded where a Cargo registry is spoken of. */
async function loadCargoSettings(environment: Environment): Promise<CargoSettings> {
  const { createCargoSettings } = await import('./config/cargo-settings.ts');
  return await createCargoSettings({ environment, home: homedir(), workingDirectory: process.cwd() });
}

interface CredentialSources extends AccessSources {
  readonly file: ConfigFile;
  readonly settings: Settings;
  readonly cargo: () => Promise<CargoSettings>;
}

/** The registries as they are without the project here: what a token that names none is for. */
function registriesOutside({ file, settings, environment, cargo }: CredentialSources): Registries {
  return registriesFrom({
    ...{ file, environment, npm: settings.outsideProject, forced: undefined },
    ecosystemHere: async () => undefined,
    cargo: async () => ({ ...(await cargo()).own, cratesIoReplaced: false }),
  });
}

function credentialsFrom(sources: CredentialSources): Credentials {
  const { environment, interactive, terminal, file, settings, cargo } = sources;
  const outsideProject = registriesOutside(sources);
  const fromEnvironment = createEnvironmentProvider({
    environment,
    registryOfToken: async () => (await outsideProject.resolve({})).url,
    npmrcToken: settings.environmentToken,
    cargoToken: async (index) => (await cargo()).environmentToken(index),
  });
  const ask = askKeychain(sources);
  const { platform } = process;
  const person = { environment, platform, interactive, note: terminal.note };
  const keychain = createKeychain({ ask, accounts: createLogins(file), ...person });
  const cargoKeychain = createCargoKeychain({ ask, runTool: toolRunner(sources), ...person });
  const { registryOfToken } = fromEnvironment;
  const unusedVariable = async (url: string) =>
    isCargoIndex(url) ? (await cargo()).unusedVariable(url) : undefined;
  return createCredentials([fromEnvironment], keychain, { ...settings, registryOfToken, unusedVariable }, [
    cargoKeychain,
  ]);
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
  const retried = withRetries(traced, { signal });
  return { transport: withNotices(retried, terminal.note), close: () => sender.close() };
}

function withRequestLines(transport: Transport, terminal: Terminal): Transport {
  const traced = once(async () => {
    const { withTrace } = await import('./http/trace.ts');
    return withTrace(transport, terminal.note);
  });
  return { send: async (request) => await (await traced()).send(request) };
}
