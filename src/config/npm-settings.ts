import type { Secret } from '../secret.ts';

/**
 * What the user told npm about registries and connections, as npm itself reads it: the `.npmrc` files and
 * the `npm_config_*` variables. Reading is done once, when the object is made; every member is an answer
 * from memory.
 */
export interface NpmSettings {
  /**
   * With a scope (`@acme`): that scope's own registry, if it has one. With `undefined`: the `registry`
   * setting, if the user set one anywhere; npm's built-in default is not a setting. As written, not normalised.
   */
  registryFor(scope: string | undefined): string | undefined;
  /**
   * The token of `//host/:_authToken=${VARIABLE}` for this registry, by npm's rule of the nearest path,
   * when the value is exactly one variable reference and the variable is set, outside of the project's file. `registryUrl` is normalised.
   */
  environmentToken(registryUrl: string): { readonly variable: string; readonly token: Secret } | undefined;
  /**
   * The registries of the user's own settings, without those of the project in the working directory: what a
   * token that names no registry is for.
   */
  readonly outsideProject: Pick<NpmSettings, 'registryFor'>;
  /** True when a literal token for this registry stands in a file in the clear. Such a token is not used. */
  plaintextToken(registryUrl: string): boolean;
  /** True when the project's own `.npmrc` names a token for this registry. It is not used. */
  projectToken(registryUrl: string): boolean;
  /** PEM certificates (`ca`, `cafile`) trusted instead of the built-in ones. */
  readonly caCertificates: readonly string[] | undefined;
  /** `strict-ssl`; true unless the user turned it off. */
  readonly strictTls: boolean;
  /** URLs, from the files or from the environment (`https_proxy`, `http_proxy`, `no_proxy`). */
  readonly proxy: string | undefined;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string | undefined;
}
