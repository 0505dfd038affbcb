/** What became of cargo's configuration. */
export interface CargoSetup {
  /** Of cargo's configuration file. */
  readonly path: string;
  /** What cargo is told to start: a name on the path, or a path. */
  readonly provider: string;
  readonly changed: boolean;
  /** All that cargo asks, the last of them first; `undefined` where cargo is left to its default. */
  readonly providers: readonly string[] | undefined;
  /** Where cargo asks somebody else all the same, such as `registries.lab.credential-provider`. */
  readonly overridden: readonly string[];
}

/** Cargo's configuration of this user, as far as it concerns credentials. */
export interface CargoConfig {
  /** Names `cargo-credential-pub` as the provider that cargo asks first. Throws `E_CONFIG` and changes nothing otherwise. */
  addProvider(): Promise<CargoSetup>;
  /** Takes it out again; the file is then what it was, byte for byte. */
  removeProvider(): Promise<CargoSetup>;
}
