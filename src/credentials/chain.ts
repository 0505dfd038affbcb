import type { RegistryTarget } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { tokenVariable } from './environment.ts';
import type { Credential, CredentialProvider, CredentialStore, Credentials } from './provider.ts';

/** What npm's settings hold for a registry and is left alone. */
export interface UnusedTokens {
  /** A token in the clear. */
  plaintextToken(registryUrl: string): boolean;
  /** A token named by the project's own file, which somebody else may have written. */
  projectToken(registryUrl: string): boolean;
}

/**
 * Asks the providers in order, then the keychain; the first that has a token answers, one that fails stops
 * the search. `npm` says which tokens in `.npmrc` are not used, so that the person is told why.
 */
export function createCredentials(
  providers: readonly CredentialProvider[],
  keychain: CredentialStore,
  npm: UnusedTokens = { plaintextToken: () => false, projectToken: () => false },
): Credentials {
  async function get(registry: RegistryTarget): Promise<Credential | undefined> {
    for (const provider of [...providers, keychain]) {
      const credential = await provider.get(registry);
      if (credential !== undefined) return credential;
    }
    return undefined;
  }
  return {
    keychain,
    get,
    async require(registry) {
      return (await get(registry)) ?? missing(registry, npm);
    },
  };
}

function missing({ name, url }: RegistryTarget, npm: UnusedTokens): never {
  const variable = name === undefined ? 'PUB_TOKEN and PUB_REGISTRY' : tokenVariable(name);
  const unused = reasonNotUsed(url, npm);
  throw new PubError('E_NOT_LOGGED_IN', `not logged in to ${url}`, {
    hint: `run \`pub login --registry ${name ?? url}\`, or set ${variable}${unused}`,
  });
}

function reasonNotUsed(url: string, npm: UnusedTokens): string {
  if (npm.plaintextToken(url)) return '; the token in .npmrc stands there in the clear and is not used';
  if (npm.projectToken(url))
    return "; the token that the project's .npmrc names is not used: put that line in your own .npmrc";
  return '';
}
