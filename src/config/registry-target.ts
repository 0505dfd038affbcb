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
