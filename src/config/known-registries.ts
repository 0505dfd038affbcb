import type { EcosystemName } from '../ecosystems/ecosystem.ts';
import { PubError } from '../errors.ts';
import type { CargoRegistries } from './cargo-registries.ts';
import { type ConfigFile, nameOf, type PubConfig, parseRegistryName } from './config-file.ts';
import type { NpmSettings } from './npm-settings.ts';
import type { KnownRegistry, Registries, RegistryChoice } from './registries.ts';
import { cratesIoName, isCargoIndex, type RegistryTarget } from './registry-target.ts';
import { parseIndexUrl, parseRegistryUrl } from './registry-url.ts';

export interface RegistriesOptions {
  readonly file: ConfigFile;
  readonly npm: Pick<NpmSettings, 'registryFor'>;
  /** `PUB_REGISTRY` is read from it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The URL npm itself comes with. Asked last: finding it out is slow. */
  readonly fallbackDefault: () => Promise<string>;
  /** Loaded where cargo is spoken of. */
  readonly cargo: () => Promise<CargoRegistries>;
  /** The ecosystem of the project in the working directory; the person is asked where there are two. */
  readonly ecosystemHere: () => Promise<EcosystemName | undefined>;
  /** What `--ecosystem` says; then neither is asked. */
  readonly forced?: EcosystemName | undefined;
}

/** What the user wrote, and where. */
interface Wish {
  readonly registry: string;
  readonly chosenBy: string;
}

/** The name of the registry npm comes with; always known, and never another one. */
const npmName = 'npm';

export function createRegistries(options: RegistriesOptions): Registries {
  const { file } = options;
  return {
    resolve: (choice) => resolve(options, choice),
    async list() {
      const config = await file.read();
      const current = await defaultUrl(options, config);
      const known = [
        ...config.registries,
        [npmName, parseRegistryUrl(await options.fallbackDefault())] as const,
      ];
      return known.map(([name, url]) => ({ name, url, default: url === current }));
    },
    add: async (name, url) => await add(file, parseRegistryName(name), parseIndexUrl(url)),
    remove: (name) => remove(file, name),
    async setDefault(name) {
      if (name === npmName) {
        await file.update((config) => ({ ...config, default: npmName }));
        return { name, url: (await npmRegistry(options, name)).url, default: true };
      }
      const url = urlNamed(name, await file.read());
      await file.update((config) => ({ ...config, default: name }));
      return { name, url, default: true };
    },
  };
}

/** Of a list that is the same in every folder: what the settings say, whatever project is here. */
async function defaultUrl(options: RegistriesOptions, config: PubConfig): Promise<string> {
  const own = config.default === undefined ? undefined : config.registries.get(config.default);
  if (own !== undefined && isCargoIndex(own)) return own;
  return (await resolve(options, { ecosystem: 'npm' })).url;
}

async function resolve(options: RegistriesOptions, choice: RegistryChoice): Promise<RegistryTarget> {
  const config = await options.file.read();
  const ecosystem = choice.ecosystem ?? options.forced ?? (await ecosystemMeant(options, choice, config));
  if (ecosystem === 'cargo') return await (await options.cargo()).resolve(choice, config);
  const wish = wishOf(choice, config, options);
  if (wish === undefined) return await npmRegistry(options, 'the default of npm');
  if (wish.registry === npmName) return await npmRegistry(options, wish.chosenBy);
  return targetOf(wish, config);
}

/** What a registry that is named says about itself, else the project here, else the default. */
async function ecosystemMeant(
  options: RegistriesOptions,
  { explicit, packageName }: RegistryChoice,
  config: PubConfig,
): Promise<EcosystemName> {
  const named = explicit || options.environment['PUB_REGISTRY'];
  if (named) return await ecosystemOf(named, options, config);
  if (packageName?.startsWith('@')) return 'npm';
  const here = await options.ecosystemHere();
  return here ?? (await ecosystemOf(config.default ?? npmName, options, config));
}

/** A name of `pub`'s own settings, then one of cargo's; what neither knows is told to be unknown as ever. */
async function ecosystemOf(
  registry: string,
  options: RegistriesOptions,
  config: PubConfig,
): Promise<EcosystemName> {
  if (registry === cratesIoName) return 'cargo';
  const url = registry.includes(':') ? registry.trim() : config.registries.get(registry);
  if (url !== undefined) return isCargoIndex(url.toLowerCase()) ? 'cargo' : 'npm';
  return registry !== npmName && (await options.cargo()).knows(registry) ? 'cargo' : 'npm';
}

/**
 * npm's precedence (measured): a scope's own registry beats `--registry` and `publishConfig.registry`, and
 * `publishConfig["@scope:registry"]` beats that. `pub`'s own settings come before npm's `registry`.
 */
function wishOf(choice: RegistryChoice, config: PubConfig, options: RegistriesOptions): Wish | undefined {
  const { npm, environment } = options;
  const { explicit, packageName, publishConfig = {} } = choice;
  const scope = packageName?.match(/^(@[^/]+)\//)?.[1];
  const wishes: [registry: string | undefined, chosenBy: string][] = [
    [scope === undefined ? undefined : own(publishConfig, `${scope}:registry`), 'publishConfig'],
    [scope === undefined ? undefined : npm.registryFor(scope), `${scope}:registry in .npmrc`],
    [explicit, '--registry'],
    [own(publishConfig, 'registry'), 'publishConfig'],
    [environment['PUB_REGISTRY'], 'PUB_REGISTRY'],
    [config.default, 'the default'],
    [npm.registryFor(undefined), '.npmrc'],
  ];
  const isCargo = (registry: string) => isCargoIndex(config.registries.get(registry) ?? registry);
  const first = wishes.find(
    ([registry, chosenBy]) => registry && !(chosenBy === 'the default' && isCargo(registry)),
  );
  return first === undefined ? undefined : { registry: first[0] as string, chosenBy: first[1] };
}

function own(object: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function targetOf({ registry, chosenBy }: Wish, config: PubConfig): RegistryTarget {
  if (!registry.includes(':')) {
    return { name: registry, url: npmUrl(urlNamed(registry, config, chosenBy)), chosenBy };
  }
  const url = npmUrl(parseIndexUrl(registry));
  return { name: nameOf(url, config), url, chosenBy };
}

function npmUrl(url: string): string {
  if (!isCargoIndex(url)) return url;
  throw new PubError('E_CONFIG', `${url} is the index of a Cargo registry, and this is an npm package`, {
    hint: 'name a registry of npm packages with --registry',
  });
}

async function npmRegistry(options: RegistriesOptions, chosenBy: string): Promise<RegistryTarget> {
  return { name: npmName, url: parseRegistryUrl(await options.fallbackDefault()), chosenBy };
}

/** `namedBy` says where the name stands, where nobody typed it just now. */
function urlNamed(name: string, config: PubConfig, namedBy?: string): string {
  const url = config.registries.get(name);
  if (url !== undefined) return url;
  const where = namedBy === undefined ? '' : ` (it is named by ${namedBy})`;
  throw new PubError('E_CONFIG', `there is no registry named \`${name}\`${where}`, {
    hint: 'see `pub registry list`, or make it known with `pub registry add <name> <url>`',
  });
}

async function add(file: ConfigFile, name: string, url: string): Promise<KnownRegistry> {
  const config = await file.read();
  const known = config.registries.get(name);
  const isBuiltIn = name === npmName || name === cratesIoName;
  if (isBuiltIn || (known !== undefined && known !== url)) {
    throw new PubError('E_CONFIG', `the name \`${name}\` belongs to another registry`, {
      hint: isBuiltIn
        ? 'choose another name: this one always means the same registry'
        : `choose another name, or run \`pub registry remove ${name}\` first`,
    });
  }
  if (known === undefined) {
    await file.update((old) => ({ ...old, registries: new Map(old.registries).set(name, url) }));
  }
  return { name, url, default: config.default === name };
}

async function remove(file: ConfigFile, name: string): Promise<KnownRegistry> {
  if (name === npmName || name === cratesIoName) {
    throw new PubError('E_CONFIG', `the name \`${name}\` always means the same registry`, {
      hint: 'use another one by default with `pub registry default <name>`',
    });
  }
  const config = await file.read();
  const url = urlNamed(name, config);
  await file.update((old) => {
    const registries = new Map(old.registries);
    registries.delete(name);
    return { ...old, registries, default: old.default === name ? undefined : old.default };
  });
  return { name, url, default: config.default === name };
}
