import { PubError } from '../errors.ts';
import { type CargoNames, type CargoSettings, parseCargoIndex } from './cargo-settings.ts';
import { nameOf, type PubConfig } from './config-file.ts';
import type { RegistryChoice } from './registries.ts';
import { cratesIoName, cratesIoUrl, isCargoIndex, type RegistryTarget } from './registry-target.ts';
import { parseIndexUrl } from './registry-url.ts';

/** The part of the registries that cargo's settings decide. */
export interface CargoRegistries {
  knows(name: string): boolean;
  resolve(choice: RegistryChoice, config: PubConfig): RegistryTarget;
}

interface Sources {
  readonly settings: Pick<CargoSettings, 'cratesIoReplaced'> & CargoNames;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Wish {
  readonly registry: string;
  readonly chosenBy: string;
}

export function createCargoRegistries(sources: Sources): CargoRegistries {
  const { settings } = sources;
  return {
    knows: (name) => settings.indexOf(name) !== undefined,
    resolve(choice, config) {
      const wish = wishOf(choice, config, sources);
      const url = urlOf(wish, config, settings);
      refuseUnlisted(url, choice, settings);
      const name = url === cratesIoUrl ? cratesIoName : nameOf(url, config);
      return { name, url, chosenBy: wish.chosenBy };
    },
  };
}

/**
 * cargo's precedence (measured): the flag, `registry.default`, then the only name in `package.publish`. `PUB_REGISTRY`
 * comes before cargo's settings and `pub`'s default after them, where it is a Cargo registry.
 */
function wishOf(choice: RegistryChoice, config: PubConfig, { settings, environment }: Sources): Wish {
  const { explicit, allowed = [] } = choice;
  const ownDefault = config.default;
  const isCargo = ownDefault !== undefined && isCargoIndex(config.registries.get(ownDefault) ?? '');
  const wishes: readonly (readonly [registry: string | undefined, chosenBy: string])[] = [
    [explicit, '--registry'],
    [environment['PUB_REGISTRY'], 'PUB_REGISTRY'],
    [settings.defaultRegistry, 'registry.default in the settings of cargo'],
    [allowed.length === 1 ? allowed[0] : undefined, 'package.publish'],
    [isCargo ? ownDefault : undefined, 'the default'],
  ];
  const first = wishes.find(([registry]) => registry);
  if (first?.[0]) return { registry: first[0], chosenBy: first[1] };
  if (allowed.length > 1) {
    throw new PubError('E_CONFIG', '`package.publish` names several registries', {
      hint: `pass --registry with one of them: ${allowed.join(', ')}`,
    });
  }
  // cargo refuses this too: what is meant by crates.io then is anybody's guess.
  if (settings.cratesIoReplaced) {
    throw new PubError('E_CONFIG', 'crates.io is replaced by another source in the settings of cargo', {
      hint: `pass --registry ${cratesIoName}, or the name of the registry you mean`,
    });
  }
  return { registry: cratesIoName, chosenBy: 'the default of cargo' };
}

function urlOf({ registry, chosenBy }: Wish, config: PubConfig, settings: CargoNames): string {
  if (/^https?:/i.test(registry) && !isCargoIndex(parseIndexUrl(registry)))
    throw notAnIndex(registry, chosenBy);
  if (registry.includes(':')) return parseCargoIndex(registry, registry);
  const url = settings.indexOf(registry) ?? config.registries.get(registry);
  if (url === undefined) {
    throw new PubError('E_CONFIG', `there is no Cargo registry named \`${registry}\``, {
      hint: 'name it in `.cargo/config.toml` as cargo wants it, or with `pub registry add <name> sparse+<url of its index>`',
    });
  }
  if (!isCargoIndex(url)) throw notAnIndex(url, chosenBy);
  return url;
}

function notAnIndex(url: string, chosenBy: string): PubError {
  const base = url.includes('@') || url.includes('?') ? '<url>/' : url.replace(/\/*$/, '/');
  return new PubError(
    'E_CONFIG',
    `the registry of ${chosenBy} is not named by a sparse index, as those of cargo are`,
    {
      hint: `write \`sparse+<url of the index>\`; where that is a pub-registry: --registry sparse+${base}cargo/index/`,
    },
  );
}

/** `package.publish` is the author's promise where the crate may go; by name, so the names decide. */
function refuseUnlisted(url: string, { allowed = [] }: RegistryChoice, settings: CargoNames): void {
  if (allowed.length === 0 || allowed.some((name) => settings.indexOf(name) === url)) return;
  throw new PubError('E_REFUSED', `the manifest does not allow publishing to ${url}`, {
    hint: `\`package.publish\` in Cargo.toml lists ${allowed.join(', ')}`,
  });
}
