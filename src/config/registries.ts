import type { EcosystemName } from '../ecosystems/ecosystem.ts';
import type { RegistryTarget } from './registry-target.ts';

/** What a command knows when it asks which registry is meant. */
export interface RegistryChoice {
  /** Where it is known; otherwise the registry that is named decides it, or the manifest in the working directory. */
  readonly ecosystem?: EcosystemName | undefined;
  /** `--registry`: a name from `pub`'s settings, or a URL. Wins over everything but a scope's own registry. */
  readonly explicit?: string | undefined;
  /** Whose scope may have a registry of its own. */
  readonly packageName?: string | undefined;
  /** The manifest's `publishConfig`, for publishing only. */
  readonly publishConfig?: Readonly<Record<string, string>> | undefined;
  /** Cargo's `package.publish`: the only registries, by name, that the project may be published to. */
  readonly allowed?: readonly string[] | undefined;
}

export interface KnownRegistry {
  readonly name: string;
  readonly url: string;
  readonly default: boolean;
}

/**
 * The registries the user knows: names and the default from `pub`'s own settings, scopes and URLs from
 * `.npmrc` and the environment as npm reads them, and from `.cargo/config.toml` as cargo does. Every change is written atomically.
 */
export interface Registries {
  resolve(choice: RegistryChoice): Promise<RegistryTarget>;
  list(): Promise<readonly KnownRegistry[]>;
  /** Throws `E_CONFIG` when the name is taken by another URL. */
  add(name: string, url: string): Promise<KnownRegistry>;
  /** Throws `E_CONFIG` when there is no such registry. */
  remove(name: string): Promise<KnownRegistry>;
  setDefault(name: string): Promise<KnownRegistry>;
}
