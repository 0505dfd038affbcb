import type { Secret } from '../secret.ts';
import type { Proofs } from './proofs.ts';

/** A team of an organisation, written `acme:developers`. */
export interface Team {
  readonly organisation: string;
  readonly name: string;
}

/** Teams, where a registry has them. Refusals are those of `Registry`. */
export interface Teams {
  /** Names without the organisation's. */
  list(token: Secret, organisation: string): Promise<readonly string[]>;
  create(proofs: Proofs, team: Team, description: string | undefined): Promise<void>;
  destroy(proofs: Proofs, team: Team): Promise<void>;
  members(token: Secret, team: Team): Promise<readonly string[]>;
  add(proofs: Proofs, team: Team, user: string): Promise<void>;
  remove(proofs: Proofs, team: Team, user: string): Promise<void>;
}
