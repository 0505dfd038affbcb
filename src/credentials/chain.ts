import { isCargoIndex, type RegistryTarget } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { tokenVariable } from './environment.ts';
import type { Credential, CredentialProvider, CredentialStore, Credentials } from './provider.ts';

/** What npm's settings and the environment hold, and is not used for a registry. */
export interface UnusedTokens {
  /** A token in the clear. */
  plaintextToken(registryUrl: string): boolean;
  /** A token named by the project's own file, which somebody else may have written. */
  projectToken(registryUrl: string): boolean;
  /** The variable of cargo that would hold this registry's token, if the project's settings decided that. */
  unusedVariable?(registryUrl: string): Promise<string | undefined>;
  /** The registry that `PUB_TOKEN` is for, where it is set. */
  registryOfToken?(): Promise<string | undefined>;
}

/**
 * Asks the providers in order, then the keychain, then `foreign`, the entries of other programs in it; the first that
 * has a token answers, one that fails stops the search. `unused` says which tokens there are and are not used, so
 * that the person is told why.
 */
export function createCredentials(
  providers: readonly CredentialProvider[],
  keychain: CredentialStore,
  unused: UnusedTokens = { plaintextToken: () => false, projectToken: () => false },
  foreign: readonly CredentialProvider[] = [],
): Credentials {
  async function get(registry: RegistryTarget): Promise<Credential | undefined> {
    for (const provider of [...providers, keychain, ...foreign]) {
      const credential = await provider.get(registry);
      if (credential !== undefined) return credential;
    }
    return undefined;
  }
  return {
    keychain,
    get,
    async require(registry) {
      return (await get(registry)) ?? (await missing(registry, unused));
    },
  };
}

async function missing({ name, url }: RegistryTarget, tokens: UnusedTokens): Promise<never> {
  const variable = name === undefined ? 'PUB_TOKEN and PUB_REGISTRY' : tokenVariable(name);
  const unused = await reasonNotUsed(url, tokens);
  throw new PubError('E_NOT_LOGGED_IN', `not logged in to ${url}`, {
    hint: `run \`pub login --registry ${name ?? url}\`, or set ${variable}${unused}`,
  });
}

async function reasonNotUsed(url: string, tokens: UnusedTokens): Promise<string> {
  if (isCargoIndex(url)) return await reasonInCargo(url, tokens);
  if (tokens.plaintextToken(url)) return '; the token in .npmrc stands there in the clear and is not used';
  if (tokens.projectToken(url))
    return "; the token that the project's .npmrc names is not used: put that line in your own .npmrc";
  return await otherRegistry(tokens);
}

async function reasonInCargo(url: string, tokens: UnusedTokens): Promise<string> {
  const variable = await tokens.unusedVariable?.(url);
  if (variable !== undefined) {
    const index = variable.replace(/_TOKEN$/, '_INDEX');
    return `; ${variable} is not used, because only the project's own settings say that it is for this index: set ${index}`;
  }
  return await otherRegistry(tokens);
}

async function otherRegistry(tokens: UnusedTokens): Promise<string> {
  const elsewhere = await tokens.registryOfToken?.();
  return elsewhere === undefined
    ? ''
    : `; the PUB_TOKEN that is set is for ${elsewhere} and goes nowhere else`;
}
