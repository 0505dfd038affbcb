import { dirname, join, resolve } from 'node:path';
import { Secret } from '../../secret.ts';
import {
  type Environment,
  environmentLayer,
  literalPartOf,
  type NpmrcLayer,
  type NpmrcValue,
  readIfPresent,
  readNpmrc,
  replaceVariables,
  variablesIn,
} from './npmrc.ts';
import { projectRootOf } from './workspaces.ts';

export interface NpmSettingsSources {
  readonly environment: Environment;
  readonly home: string;
  /** Where the command runs; the project's `.npmrc` is looked for from here upwards. */
  readonly projectFolder: string;
  /** The node that npm would run on: its folder decides where the global `npmrc` is. */
  readonly nodeExecutable: string;
}

/** A variable that holds a token, and the token. */
interface EnvironmentToken {
  readonly variable: string;
  readonly token: Secret;
}

/** Answers about npm's settings; satisfies the interface of `config/npm-settings.ts`. */
export interface ReadNpmSettings {
  registryFor(scope: string | undefined): string | undefined;
  environmentToken(registryUrl: string): EnvironmentToken | undefined;
  plaintextToken(registryUrl: string): boolean;
  readonly caCertificates: readonly string[] | undefined;
  readonly strictTls: boolean;
  readonly proxy: string | undefined;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string | undefined;
  /** Every variable that a credential setting of some registry refers to. Scripts do not get these. */
  readonly credentialVariables: readonly string[];
}

const credentialKey = /^\/\/.*:(_authToken|_auth|_password|username|certfile|keyfile)$/;

/**
 * Reads npm's settings: the environment, then the `.npmrc` of the project, of the user and of the machine;
 * the first that has a key decides. A file that is there and cannot be read is `E_CONFIG`.
 */
export async function createNpmSettings(sources: NpmSettingsSources): Promise<ReadNpmSettings> {
  const settings = new Settings(await readLayers(sources), sources.environment);
  const certificates = await readCertificates(settings, sources.home);
  const proxies = proxiesOf(settings, sources.environment);
  return {
    ...proxies,
    caCertificates: certificates,
    strictTls: settings.text('strict-ssl') !== 'false',
    registryFor: (scope) => settings.text(scope === undefined ? 'registry' : `${scope}:registry`),
    environmentToken: (registryUrl) => environmentToken(settings, registryUrl, sources.environment),
    plaintextToken: (registryUrl) => plaintextToken(settings, registryUrl),
    credentialVariables: credentialVariables(settings),
  };
}

class Settings {
  readonly layers: readonly NpmrcLayer[];
  readonly #environment: Environment;

  constructor(layers: readonly NpmrcLayer[], environment: Environment) {
    this.layers = layers;
    this.#environment = environment;
  }

  /** As written, from the first layer that has the key. */
  raw(key: string): NpmrcValue | undefined {
    return this.layers.find((layer) => layer.values.has(key))?.values.get(key);
  }

  /** With variables replaced; `undefined` for an unset, empty, null or list value. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    if (typeof value === 'boolean') return String(value);
    if (typeof value !== 'string' || value.trim() === 'null') return undefined;
    const text = replaceVariables(value.trim(), this.#environment);
    return text === '' ? undefined : text;
  }

  /** As npm reads a list: an array of the file, or one text with empty lines between the members. */
  list(key: string): readonly string[] | undefined {
    const value = this.raw(key);
    const members = Array.isArray(value) ? value : this.text(key)?.split('\n\n');
    return members?.map((member) => replaceVariables(member, this.#environment));
  }
}

/** The order in which npm finds its files: each may say where the next one is. */
async function readLayers(sources: NpmSettingsSources): Promise<readonly NpmrcLayer[]> {
  const { environment, home } = sources;
  const layers = [environmentLayer(environment)];
  const settingOf = (key: string) => new Settings(layers, environment).text(key);
  const read = async (path: string) => {
    const layer = await readNpmrc(path, environment);
    if (layer !== undefined) layers.push(layer);
  };

  const projectFile = join(await projectRootOf(sources.projectFolder), '.npmrc');
  const userFileBefore = pathFrom(settingOf('userconfig') ?? '~/.npmrc', home);
  if (projectFile !== userFileBefore) await read(projectFile);
  await read(pathFrom(settingOf('userconfig') ?? '~/.npmrc', home));
  const prefix = settingOf('prefix') ?? defaultPrefix(sources);
  await read(pathFrom(settingOf('globalconfig') ?? join(prefix, 'etc/npmrc'), home));
  return layers;
}

function defaultPrefix({ environment, nodeExecutable }: NpmSettingsSources): string {
  if (environment['PREFIX']) return environment['PREFIX'];
  if (process.platform === 'win32') return dirname(nodeExecutable);
  return join(environment['DESTDIR'] ?? '', dirname(dirname(nodeExecutable)));
}

function pathFrom(written: string, home: string): string {
  return /^~[\\/]/.test(written) ? join(home, written.slice(2)) : resolve(written);
}

async function readCertificates(settings: Settings, home: string): Promise<readonly string[] | undefined> {
  const file = settings.text('cafile');
  const text = file === undefined ? undefined : await readIfPresent(pathFrom(file, home));
  if (text === undefined) return settings.list('ca');
  const end = '-----END CERTIFICATE-----';
  const parts = text.replaceAll('\r\n', '\n').split(end).slice(0, -1);
  return parts.map((part) => part.trimStart() + end);
}

/** npm asks the settings first, then the variables that other programs read too, in either case. */
function proxiesOf(settings: Settings, environment: Environment) {
  const variableOf = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined;
  const proxySetting = settings.text('proxy') === 'false' ? undefined : settings.text('proxy');
  const setting = settings.text('https-proxy') ?? proxySetting;
  const httpsProxy = setting ?? variableOf('https_proxy');
  return {
    httpsProxy,
    proxy: httpsProxy ?? variableOf('http_proxy') ?? variableOf('proxy'),
    noProxy: (settings.list('noproxy')?.join(',') || undefined) ?? variableOf('no_proxy'),
  };
}

/** `//host/a/b/`, `//host/a/b`, `//host/a/` … `//host`: npm takes the first of these that has a key. */
function registryKeys(registryUrl: string): readonly string[] {
  const { host, pathname } = new URL(registryUrl);
  const keys: string[] = [];
  for (let key = `//${host}${pathname}`; key.length > '//'.length; key = key.replace(/([^/]+|\/)$/, '')) {
    keys.push(key);
  }
  return keys;
}

/**
 * Only a value that is one reference and nothing else counts, and only if the variable is set: npm would send
 * the literal `${VAR}` as the token, which tells the registry (and anyone who reads its logs) a name from the
 * user's machine. The nearest key decides, so that an unset one never falls back to a token meant for more.
 */
function environmentToken(
  settings: Settings,
  registryUrl: string,
  environment: Environment,
): EnvironmentToken | undefined {
  for (const key of registryKeys(registryUrl).map((registry) => `${registry}:_authToken`)) {
    const layer = settings.layers.find(({ values }) => values.has(key));
    const value = layer?.values.get(key);
    if (layer === undefined || typeof value !== 'string') continue;
    const reference = /^\$\{([^${}?]+)\??\}$/.exec(value.trim())?.[1];
    if (reference !== undefined) return tokenFrom(reference, environment[reference]);
    if (layer.isFile) return undefined;
    return tokenFrom(`npm_config_${key}`, literalPartOf(value) === value.trim() ? value : undefined);
  }
  return undefined;
}

function tokenFrom(variable: string, value: string | undefined): EnvironmentToken | undefined {
  const token = value?.trim();
  return token ? { variable, token: new Secret(token) } : undefined;
}

function plaintextToken(settings: Settings, registryUrl: string): boolean {
  const names = ['_authToken', '_auth', '_password'];
  const keys = registryKeys(registryUrl).flatMap((registry) => names.map((name) => `${registry}:${name}`));
  return settings.layers
    .filter((layer) => layer.isFile)
    .some(({ values }) => keys.some((key) => isLiteral(values.get(key))));
}

function isLiteral(value: NpmrcValue | undefined): boolean {
  return typeof value === 'string' && literalPartOf(value) !== '';
}

function credentialVariables(settings: Settings): readonly string[] {
  const names = new Set<string>();
  for (const { values } of settings.layers) {
    for (const [key, value] of values) {
      if (!credentialKey.test(key) || typeof value !== 'string') continue;
      for (const name of variablesIn(value)) names.add(name);
    }
  }
  return [...names];
}
