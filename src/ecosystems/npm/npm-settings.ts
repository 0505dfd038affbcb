import { dirname, join, resolve } from 'node:path';
import { PubError } from '../../errors.ts';
import {
  credentialVariables,
  type EnvironmentToken,
  environmentToken,
  namesToken,
  plaintextToken,
} from './credential-settings.ts';
import { LayeredSettings } from './layered-settings.ts';
import {
  type Environment,
  environmentLayer,
  type NpmrcLayer,
  readIfPresent,
  readNpmrc,
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

/** Answers about npm's settings; satisfies the interface of `config/npm-settings.ts`. */
export interface ReadNpmSettings {
  registryFor(scope: string | undefined): string | undefined;
  environmentToken(registryUrl: string): EnvironmentToken | undefined;
  plaintextToken(registryUrl: string): boolean;
  projectToken(registryUrl: string): boolean;
  readonly outsideProject: { registryFor(scope: string | undefined): string | undefined };
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
 *
 * The project's file is part of a repository that somebody else may have written, so it says only which
 * registry is meant. npm also lets it name a token, a proxy or certificates: a repository could then choose
 * where the token of whoever publishes it goes, and who reads it on the way.
 */
export async function createNpmSettings(sources: NpmSettingsSources): Promise<ReadNpmSettings> {
  const { own, project } = await readLayers(sources);
  const settings = new LayeredSettings(own, sources.environment);
  const written = new LayeredSettings([...own, ...project], sources.environment);
  const choosing = new LayeredSettings(choosingOrder(own, project), sources.environment);
  const certificates = await readCertificates(settings, sources.home);
  const proxies = proxiesOf(settings, sources.environment);
  return {
    ...proxies,
    caCertificates: certificates,
    strictTls: settings.text('strict-ssl') !== 'false',
    registryFor: (scope) => choosing.text(registryKey(scope)),
    outsideProject: { registryFor: (scope) => settings.text(registryKey(scope)) },
    environmentToken: (registryUrl) => environmentToken(settings, registryUrl, sources.environment),
    plaintextToken: (registryUrl) => plaintextToken(written, registryUrl),
    projectToken: (registryUrl) => namesToken(new LayeredSettings(project, {}), registryUrl),
    credentialVariables: credentialVariables(written),
  };
}

function registryKey(scope: string | undefined): string {
  return scope === undefined ? 'registry' : `${scope}:registry`;
}

/** The environment, then the project, then the rest. */
function choosingOrder(own: readonly NpmrcLayer[], project: readonly NpmrcLayer[]): readonly NpmrcLayer[] {
  const [environment, ...files] = own;
  return [...(environment === undefined ? [] : [environment]), ...project.map(choosingPart), ...files];
}

/** A variable in a URL would tell its value to whoever the URL leads to. */
function choosingPart({ values, isFile }: NpmrcLayer): NpmrcLayer {
  const registries = [...values].filter(([key]) => /^(@[^:]+:)?registry$/.test(key));
  for (const [key, value] of registries) {
    if (typeof value !== 'string' || variablesIn(value).length === 0) continue;
    throw new PubError('E_CONFIG', `the project's .npmrc uses a variable in \`${key}\``, {
      hint: 'name the registry there, or set it in your own .npmrc or with --registry',
    });
  }
  return { values: new Map(registries), isFile };
}

interface Layers {
  /** The environment first, then the user's and the machine's files. */
  readonly own: readonly NpmrcLayer[];
  /** The project's file, if there is one. */
  readonly project: readonly NpmrcLayer[];
}

/** The order in which npm finds its files: each may say where the next one is. */
async function readLayers(sources: NpmSettingsSources): Promise<Layers> {
  const { environment, home } = sources;
  const layers = [environmentLayer(environment)];
  const settingOf = (key: string) => new LayeredSettings(layers, environment).text(key);
  const read = async (path: string) => {
    const layer = await readNpmrc(path, environment);
    if (layer !== undefined) layers.push(layer);
  };

  const projectFile = join(await projectRootOf(sources.projectFolder), '.npmrc');
  const userFile = pathFrom(settingOf('userconfig') ?? '~/.npmrc', home);
  const project = projectFile === userFile ? undefined : await readNpmrc(projectFile, environment);
  await read(userFile);
  const prefix = settingOf('prefix') ?? defaultPrefix(sources);
  await read(pathFrom(settingOf('globalconfig') ?? join(prefix, 'etc/npmrc'), home));
  return { own: layers, project: project === undefined ? [] : [project] };
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
