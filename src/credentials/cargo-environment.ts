import { PubError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { cratesIoIndex } from './cargo-keychain.ts';
import type { Credential, CredentialProvider } from './provider.ts';

export interface CargoEnvironmentOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Tokens in the variables that cargo reads, for cargo's registries only. An empty variable counts as unset. A registry
 * has its variable by the name cargo's configuration gives it, so whoever may write that can send the token
 * elsewhere; it is so with cargo itself.
 */
export function createCargoEnvironmentProvider({ environment }: CargoEnvironmentOptions): CredentialProvider {
  return {
    async get({ name, url }) {
      const variable = cargoTokenVariable(url, name);
      return variable === undefined ? undefined : credentialOf(environment[variable] ?? '', variable);
    },
  };
}

/** `undefined` where cargo has no variable for it: an index without a name, and a registry that is none of cargo's. */
export function cargoTokenVariable(url: string, name: string | undefined): string | undefined {
  if (url === `${cratesIoIndex}/`) return 'CARGO_REGISTRY_TOKEN';
  if (name === undefined || !url.startsWith('sparse+')) return undefined;
  return `CARGO_REGISTRIES_${name.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

/** What cargo lets a token be: printable ASCII. A file read into a variable often ends in a line break. */
function credentialOf(value: string, variable: string): Credential | undefined {
  const token = value.trim();
  if (token === '') return undefined;
  if (!/^[\t\x20-\x7e]+$/.test(token)) {
    throw new PubError('E_CONFIG', `${variable} holds something that is not a token`, {
      hint: `set ${variable} to the token alone, without quotes or line breaks inside`,
    });
  }
  return { token: new Secret(token), account: undefined, source: variable, kept: false };
}
