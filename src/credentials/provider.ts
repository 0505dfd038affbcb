import type { RegistryTarget } from '../config/registry-target.ts';
import type { Secret } from '../secret.ts';

/** In place of an account, where a registry does not tell whose token it is. */
export const namelessAccount = '(token)';

/** A token for one registry, and where it came from. */
export interface Credential {
  readonly token: Secret;
  /** The account it belongs to, where that is known without asking the registry. */
  readonly account: string | undefined;
  /** For messages: "PUB_TOKEN", "the keychain". Never the token. */
  readonly source: string;
  /** True where it is kept until it is erased; false where it is only lent, as by the environment. */
  readonly kept: boolean;
}

/**
 * A place tokens come from. Answers `undefined` when it has none for this registry ("not mine"), and the
 * next provider is asked; throws when it has one but cannot give it, or cannot tell, and that stops the
 * chain: going on would use a credential the person did not mean.
 */
export interface CredentialProvider {
  get(registry: RegistryTarget): Promise<Credential | undefined>;
}

/** A place that keeps tokens. */
export interface CredentialStore extends CredentialProvider {
  /** Throws what `store` would throw for want of a usable keychain; to be asked before a token is made. */
  probe(registry: RegistryTarget): Promise<void>;
  /** Replaces what is there, then reads it back and compares. */
  store(registry: RegistryTarget, account: string, token: Secret): Promise<void>;
  /** Erases, then reads back to make sure. False when there was nothing to erase. */
  erase(registry: RegistryTarget): Promise<boolean>;
}

/** The providers in their order, and the one store that `pub login` writes to. */
export interface Credentials extends CredentialProvider {
  readonly keychain: CredentialStore;
  /** As `get`, but having none is `E_NOT_LOGGED_IN` with what to do about it. */
  require(registry: RegistryTarget): Promise<Credential>;
}
