import type { Secret } from '../secret.ts';
import type { EcosystemName } from './ecosystem.ts';
import type { Proofs } from './proofs.ts';
import type { PackageRole, PublishPlan, PublishRequest, Registry } from './registry.ts';
import type { Staging } from './staging.ts';

/** `pub-registry` itself: its accounts and its way to publish are the same for every ecosystem. */
export interface PubRegistry extends Registry {
  /**
   * Declares what will be sent. `undefined` where there is no such registry; after an answer `publish` and
   * `proveBatch` speak its protocol.
   */
  preflight(token: Secret, requests: readonly PublishRequest[]): Promise<PublishPlan | undefined>;
  /** `staging`, whose lists are of this ecosystem. */
  stagingOf(ecosystem: EcosystemName): Staging;
  /** `setRequireSecondFactor` and `addOwner`, for a package of another ecosystem than npm's. */
  setRequirementOf(proofs: Proofs, id: PackageOf, required: boolean): Promise<void>;
  addOwnerOf(
    proofs: Proofs,
    id: PackageOf,
    added: { readonly user: string; readonly role: PackageRole },
  ): Promise<'added' | 'invited'>;
}

export interface PackageOf {
  readonly ecosystem: EcosystemName;
  readonly name: string;
}
