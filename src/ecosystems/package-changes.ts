import type { Secret } from '../secret.ts';
import type { Proofs } from './proofs.ts';

/** Who may read a package. */
export type Visibility = 'public' | 'private';

/** Whether each release of a package takes a second factor, and whether a token made for automation does without. */
export type FactorRequirement = 'none' | 'publish' | 'automation';

export type AccessChange = { readonly status: Visibility } | { readonly factor: FactorRequirement };

export type Permission = 'read-only' | 'read-write';

/** What is changed about a package that is out. Refusals are those of `Registry`. */
export interface Unpublished {
  /** Without one, all. */
  readonly version: string | undefined;
  /** Whether whoever asks knows that nothing of the package is left. */
  readonly wholePackage: boolean;
}

export interface PackageChanges {
  tags(packageName: string, token: Secret | undefined): Promise<Readonly<Record<string, string>>>;
  setTag(proofs: Proofs, packageName: string, change: { tag: string; version: string }): Promise<void>;
  removeTag(proofs: Proofs, packageName: string, tag: string): Promise<void>;

  /** Marks the versions in the range with the message; an empty one takes the mark away. Gives these versions. */
  deprecate(
    proofs: Proofs,
    packageName: string,
    change: { range: string; message: string },
  ): Promise<readonly string[]>;
  /** Takes back one version, or the whole package. Throws `E_REFUSED` for the last version unless the package is meant. */
  unpublish(proofs: Proofs, packageName: string, unpublished: Unpublished): Promise<void>;

  visibility(packageName: string, token: Secret | undefined): Promise<Visibility>;
  setAccess(proofs: Proofs, packageName: string, change: AccessChange): Promise<void>;
  /** Of an account or an organisation, or with `scope:team` of a team. */
  packagesOf(token: Secret, who: string): Promise<Readonly<Record<string, Permission>>>;
  collaborators(
    packageName: string,
    token: Secret | undefined,
  ): Promise<Readonly<Record<string, Permission>>>;
}
