export type TokenScope = 'read' | 'stage' | 'publish' | 'yank' | 'owners';

/** What a new token may be used for. */
export interface TokenSettings {
  readonly name: string;
  readonly description: string | undefined;
  readonly scopes: readonly TokenScope[];
  /** `name`, `@scope/name` or `@scope/*`; none for all packages of the account. */
  readonly packages: readonly string[];
  /** Networks in CIDR notation; none for all. */
  readonly networks: readonly string[];
  /** Days until it ends; the registry's default where there is none. */
  readonly days: number | undefined;
}

/** A token as a registry lists it. Nothing here can be used to act. */
export interface ListedToken {
  /** What it is revoked by. */
  readonly key: string;
  readonly name: string | undefined;
  /** How it begins. */
  readonly beginning: string | undefined;
  /** `undefined` for a login, or where the registry does not say. */
  readonly scopes: readonly string[] | undefined;
  readonly readOnly: boolean;
  readonly packages: readonly string[];
  readonly networks: readonly string[];
  readonly created: string | undefined;
  readonly expires: string | undefined;
  readonly lastUsed: string | undefined;
}
