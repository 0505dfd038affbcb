/** One registry, as chosen for one command. */
export interface RegistryTarget {
  /** What the user calls it in `pub`'s settings, if anything. */
  readonly name: string | undefined;
  /**
   * Normalised: http or https, lower-case host, no credentials, query or fragment, path ending in a slash. For a
   * cargo registry, its index with cargo's `sparse+` in front.
   */
  readonly url: string;
  /** Where the choice came from, for messages: "--registry", "publishConfig", ".npmrc", "the default". */
  readonly chosenBy: string;
}

/** What cargo calls the registry it comes with. */
export const cratesIoName = 'crates-io';

/** The same as the URL of a registry: cargo's own name for that index, at which nobody is asked for anything. */
export const cratesIoUrl = 'https://github.com/rust-lang/crates.io-index/';

/** True for a Cargo registry, which is named by its index. */
export function isCargoIndex(registryUrl: string): boolean {
  return registryUrl.startsWith('sparse+') || registryUrl === cratesIoUrl;
}

/**
 * What the token of a registry is kept under. That is its URL; but an index at `<url>cargo/index/`, where
 * `pub-registry` has it, is part of the registry at `<url>`, with its accounts: one login is good for both. Both are one
 * origin, and the client of such an index asks that its API be there too.
 */
export function tokenUrlOf(registryUrl: string): string {
  return /^sparse\+(https?:\/\/.*\/)cargo\/index\/$/.exec(registryUrl)?.[1] ?? registryUrl;
}
