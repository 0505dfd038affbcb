import type { Act } from '../act.ts';
import type { ProofFactor } from '../second-factor/proof-factor.ts';

/**
 * What a token may be used for. A token of a login has no limits and stands for its account. A token that was
 * made with limits may do what they name and nothing else: whatever is not named here, and every act that is
 * added to the registry one day, is refused to it.
 *
 * Asked twice: when the request arrives, by what its route says of itself (`protocols/request.ts`), and when
 * the act is demanded and settled, by what exactly is done (`second-factor/demand.ts`).
 */
export const tokenScopes = ['read', 'stage', 'publish', 'yank', 'owners'] as const;

/**
 * `read`: restricted packages. `stage`: handing in releases that wait for approval. `publish`: releases. `yank`:
 * deprecation and tags. `owners`: owners, access and policy. Nothing here is about the account itself.
 */
export type TokenScope = (typeof tokenScopes)[number];

export interface TokenLimits {
  readonly scopes: readonly TokenScope[];
  /** Names of packages, `cargo:` before those of crates, or `@acme/*` for all of a scope; nothing for every package of the account. */
  readonly packages: readonly string[] | undefined;
  /** Networks it may be used from; nothing for any. */
  readonly networks: readonly string[] | undefined;
}

export function isTokenScope(text: unknown): text is TokenScope {
  return (tokenScopes as readonly unknown[]).includes(text);
}

/**
 * What binds a token to one act. It is good for that act once, for ten minutes, and ends with the token it was
 * made with. Made for programs that keep a token as text and cannot send a second factor beside it: cargo.
 */
export interface OneAct {
  readonly act: Act;
  /** What the act was approved with when the token was made. Null where nothing was needed. */
  readonly factor: ProofFactor | null;
  readonly expiresAt: number;
}
