import { PubError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { type CargoLayer, type CargoSettingsSources, readCargoLayers } from './cargo-layers.ts';
import { cratesIoName, cratesIoUrl, isCargoIndex } from './registry-target.ts';
import { parseIndexUrl } from './registry-url.ts';

type Environment = CargoSettingsSources['environment'];

/** The registries cargo knows, by its names. */
export interface CargoNames {
  /** The index a name stands for; `undefined` for an unknown one. Throws `E_CONFIG` for one in git. */
  indexOf(name: string): string | undefined;
  /** `registry.default`. */
  readonly defaultRegistry: string | undefined;
}

/**
 * What the user told cargo about registries, as cargo reads it: the environment, `.cargo/config.toml` in the working
 * directory and its parents, then the one in `CARGO_HOME`; the first that has a key decides.
 */
export interface CargoSettings extends CargoNames {
  /** Without the files of the project, which somebody else may have written. */
  readonly own: CargoNames;
  /** True when crates.io is replaced by another source. */
  readonly cratesIoReplaced: boolean;
  /**
   * The token in the environment for this index. `CARGO_REGISTRIES_<NAME>_TOKEN` is for the index that the user's own
   * settings give that name: a repository that could say so would choose where the token goes.
   */
  environmentToken(index: string): { readonly variable: string; readonly token: Secret } | undefined;
  /** A variable that would hold the token of this index, were the project's file to decide. It is not used. */
  unusedVariable(index: string): string | undefined;
}

export async function createCargoSettings(sources: CargoSettingsSources): Promise<CargoSettings> {
  const { environment } = sources;
  const layers = await readCargoLayers(sources);
  const ownLayers = layers.filter(({ own }) => own);
  const own = namesIn(ownLayers, environment);
  return {
    ...namesIn(layers, environment),
    own,
    cratesIoReplaced: layers.some(({ cratesIoReplaced }) => cratesIoReplaced),
    environmentToken(index) {
      const variable = tokenVariableFor(index, ownLayers, environment);
      const value = variable === undefined ? undefined : environment[variable];
      return variable === undefined || !value ? undefined : { variable, token: new Secret(value) };
    },
    unusedVariable: (index) => tokenVariableFor(index, layers, environment),
  };
}

/** cargo's rule: upper case, and `-` becomes `_`. */
function variable(name: string, key: 'INDEX' | 'TOKEN'): string {
  return `CARGO_REGISTRIES_${name.toUpperCase().replaceAll('-', '_')}_${key}`;
}

function namesIn(layers: readonly CargoLayer[], environment: Environment): CargoNames {
  return {
    defaultRegistry:
      environment['CARGO_REGISTRY_DEFAULT'] ||
      layers.find(({ defaultRegistry }) => defaultRegistry !== undefined)?.defaultRegistry,
    indexOf: (name) => indexOf(name, layers, environment),
  };
}

function indexOf(name: string, layers: readonly CargoLayer[], environment: Environment): string | undefined {
  if (name === cratesIoName) return cratesIoUrl;
  const written =
    environment[variable(name, 'INDEX')] ||
    layers.find(({ indexes }) => indexes.has(name))?.indexes.get(name);
  return written === undefined ? undefined : parseCargoIndex(written, name);
}

/** An index as a person or cargo's settings write it. */
export function parseCargoIndex(text: string, name: string): string {
  const url = /^(sparse\+)?https?:/i.test(text) ? parseIndexUrl(text) : '';
  if (isCargoIndex(url)) return url;
  throw new PubError('E_CONFIG', `\`${name}\` is not a sparse index`, {
    hint: 'an index in git is not read: where the registry has a sparse one, name it as cargo does, `sparse+https://…/`',
  });
}

/** Of the variables that are set, the one whose name means this index. */
function tokenVariableFor(
  index: string,
  layers: readonly CargoLayer[],
  environment: Environment,
): string | undefined {
  if (index === cratesIoUrl) return environment['CARGO_REGISTRY_TOKEN'] ? 'CARGO_REGISTRY_TOKEN' : undefined;
  const written = layers.flatMap(({ indexes }) => [...indexes.keys()]);
  const set = Object.keys(environment).filter((name) => environment[name]);
  const inEnvironment = set.flatMap((name) => /^CARGO_REGISTRIES_(.+)_INDEX$/.exec(name)?.[1] ?? []);
  const meant = [...written, ...inEnvironment].filter((name) => isIndex(name, index, layers, environment));
  return meant.map((name) => variable(name, 'TOKEN')).find((name) => environment[name]);
}

/** A name whose index is in git is simply another registry here. */
function isIndex(
  name: string,
  index: string,
  layers: readonly CargoLayer[],
  environment: Environment,
): boolean {
  try {
    return indexOf(name, layers, environment) === index;
  } catch {
    return false;
  }
}
