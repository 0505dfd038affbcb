import { isCargoIndex, type RegistryTarget, tokenUrlOf } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { isTokenText, Secret } from '../secret.ts';
import type { Credential, CredentialProvider } from './provider.ts';

export interface EnvironmentProviderOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The registry `PUB_TOKEN` is for: the one `PUB_REGISTRY` names, else the user's default. Normalised. */
  readonly registryOfToken: () => Promise<string>;
  /** The variable that `.npmrc` names as this registry's token (`${VARIABLE}`), and its value. */
  readonly npmrcToken: (
    registryUrl: string,
  ) => { readonly variable: string; readonly token: Secret } | undefined;
  /** The variable that cargo reads the token of an index from, and its value. Asked for indexes only. */
  readonly cargoToken?: (
    index: string,
  ) => Promise<{ readonly variable: string; readonly token: Secret } | undefined>;
}

export interface EnvironmentProvider extends CredentialProvider {
  /** The registry that `PUB_TOKEN` is for; `undefined` where it is not set. */
  registryOfToken(): Promise<string | undefined>;
}

/** Tokens in environment variables, each for one registry only. An empty variable counts as unset. */
export function createEnvironmentProvider(options: EnvironmentProviderOptions): EnvironmentProvider {
  return {
    async registryOfToken() {
      return fromVariable(options, 'PUB_TOKEN') === undefined ? undefined : await options.registryOfToken();
    },
    async get(registry) {
      const ours = named(options, registry) ?? (await general(options, registry));
      if (ours !== undefined) return ours;
      return isCargoIndex(registry.url) ? await fromCargo(options, registry) : fromNpmrc(options, registry);
    },
  };
}

/** `PUB_TOKEN_<NAME>`, for a registry that has a name in `pub`'s settings. */
function named(options: EnvironmentProviderOptions, { name }: RegistryTarget): Credential | undefined {
  return name === undefined ? undefined : fromVariable(options, tokenVariable(name));
}

/** Registry names hold no `_`, so no two share a variable. */
export function tokenVariable(registryName: string): string {
  return `PUB_TOKEN_${registryName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

async function general(
  options: EnvironmentProviderOptions,
  registry: RegistryTarget,
): Promise<Credential | undefined> {
  const credential = fromVariable(options, 'PUB_TOKEN');
  if (credential === undefined) return undefined;
  const own = tokenUrlOf(await options.registryOfToken());
  return own === tokenUrlOf(registry.url) ? credential : undefined;
}

function fromNpmrc(options: EnvironmentProviderOptions, registry: RegistryTarget): Credential | undefined {
  const found = options.npmrcToken(registry.url);
  return found === undefined ? undefined : credentialOf(found.token.expose(), found.variable);
}

async function fromCargo(
  options: EnvironmentProviderOptions,
  { url }: RegistryTarget,
): Promise<Credential | undefined> {
  const found = await options.cargoToken?.(url);
  return found === undefined ? undefined : credentialOf(found.token.expose(), found.variable);
}

function fromVariable(options: EnvironmentProviderOptions, variable: string): Credential | undefined {
  return credentialOf(options.environment[variable] ?? '', variable);
}

/** A file read into a variable often ends in a line break; anything else that is odd is refused, unseen. */
function credentialOf(value: string, variable: string): Credential | undefined {
  const token = value.trim();
  if (token === '') return undefined;
  if (!isTokenText(token)) {
    throw new PubError('E_CONFIG', `${variable} holds something that is not a token`, {
      hint: `set ${variable} to the token alone, without quotes, spaces or line breaks inside`,
    });
  }
  return { token: new Secret(token), account: undefined, source: variable, kept: false };
}
