import type { Secret } from '../secret.ts';

/** Who is asking, and the second factor they gave, if any. */
export interface Proofs {
  readonly token: Secret;
  readonly oneTimePassword?: Secret | undefined;
}
