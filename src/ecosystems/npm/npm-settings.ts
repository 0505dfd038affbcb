import { dirname, join, resolve } from 'node:path';
import {
  credentialVariables,
  type EnvironmentToken,
  environmentToken,
  plaintextToken,
} from './credential-settings.ts';
import { LayeredSettings } from './layered-settings.ts';
import { type Environment, environmentLayer, type NpmrcLayer, readIfPresent, readNpmrc } from './npmrc.ts';
import { projectRootOf } from './workspaces.ts';

export interface NpmSettingsSources {
  readonly environment: Environment;
  readonly home: string;
  /** Where the command runs; the project's `.npmrc` is looked for from here upwards. */
  readonly projectFolder: string;
  /** The node that npm would run on: its folder decides where the global `npmrc` is. */
  readonly nodeExecutable: string;
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

/**
 * Reads npm's settings: the environment, then the `.npmrc` of the project, of the user and of the machine;
 * the first that has a key decides. A file that is there and cannot be read is `E_CONFIG`.
 */
export async function createNpmSettings(sources: NpmSettingsSources): Promise<ReadNpmSettings> {
  const settings = new LayeredSettings(await readLayers(sources), sources.environment);
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

/** The order in which npm finds its files: each may say where the next one is. */
async function readLayers(sources: NpmSettingsSources): Promise<readonly NpmrcLayer[]> {
  const { environment, home } = sources;
  const layers = [environmentLayer(environment)];
  const settingOf = (key: string) => new LayeredSettings(layers, environment).text(key);
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

async function readCertificates(
  settings: LayeredSettings,
  home: string,
): Promise<readonly string[] | undefined> {
  const file = settings.text('cafile');
  const text = file === undefined ? undefined : await readIfPresent(pathFrom(file, home));
  if (text === undefined) return settings.list('ca');
  const end = '-----END CERTIFICATE-----';
  const parts = text.replaceAll('\r\n', '\n').split(end).slice(0, -1);
  return parts.map((part) => part.trimStart() + end);
}

/** npm asks the settings first, then the variables that other programs read too, in either case. */
function proxiesOf(settings: LayeredSettings, environment: Environment) {
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
