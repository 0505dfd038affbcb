import type { Secret } from '../secret.ts';
import type { EcosystemName } from './ecosystem.ts';
import type { Proofs } from './proofs.ts';

/** A release that was handed in and waits, or waited, for a decision. */
export interface StagedRelease {
  readonly id: string;
  readonly ecosystem: EcosystemName;
  readonly packageName: string;
  readonly version: string;
  readonly tag: string | undefined;
  /** Where the registry tells. */
  readonly state: string | undefined;
  readonly stagedBy: string | undefined;
  readonly stagedAt: string | undefined;
  readonly access: string | undefined;
  /** Lower-case hex. */
  readonly sha1: string | undefined;
  readonly sha256: string | undefined;
}

/** Releases that wait for an approval. Refusals are those of `Registry`. */
export interface Staging {
  list(token: Secret, packageName: string | undefined): Promise<readonly StagedRelease[]>;
  view(token: Secret, id: string): Promise<StagedRelease>;
  /** Writes the archive into the folder, under the name its users expect, and gives its path. */
  download(token: Secret, release: StagedRelease, folder: string): Promise<string>;
  approve(proofs: Proofs, id: string): Promise<void>;
  reject(proofs: Proofs, id: string): Promise<void>;
}
