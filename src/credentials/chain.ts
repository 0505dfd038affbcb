import type { RegistryTarget } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { tokenVariable } from './environment.ts';
import type { Credential, CredentialProvider, CredentialStore, Credentials } from './provider.ts';

/**
 * Asks the providers in order, then the keychain; the first that has a token answers, one that fails stops
 * the search. `plaintextToken` says whether `.npmrc` holds a token in the clear, which is not used but said.
 */
export function createCredentials(
  providers: readonly CredentialProvider[],
  keychain: CredentialStore,
  plaintextToken: (registryUrl: string) => boolean = () => false,
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
      return (await get(registry)) ?? missing(registry, plaintextToken(registry.url));
    },
  };
}

function missing({ name, url }: RegistryTarget, plaintext: boolean): never {
  const variable = name === undefined ? 'PUB_TOKEN and PUB_REGISTRY' : tokenVariable(name);
  const unused = plaintext ? '; the token in .npmrc stands there in the clear and is not used' : '';
  throw new PubError('E_NOT_LOGGED_IN', `not logged in to ${url}`, {
    hint: `run \`pub login --registry ${name ?? url}\`, or set ${variable}${unused}`,
  });
}
