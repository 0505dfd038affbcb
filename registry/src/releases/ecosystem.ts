import { Refusal } from '../errors.ts';
import type { IndexRenderer } from '../packages/index-renderer.ts';
import type { Read } from '../store/database.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Entries, ReadSubmission } from './submission.ts';

/**
 * What has to be known of a packaging world to take releases of it. Names and versions are each world's own:
 * the same name in two of them is two packages.
 */
export interface Ecosystem {
  /** A name some package may have. Throws `bad_request`. */
  parseName(text: unknown): string;
  /** A version in its only spelling. Throws `bad_request`. */
  parseVersion(text: unknown): string;
  readonly readSubmission: ReadSubmission;
  /**
   * Refuses a name or a version that is free, but that this world's programs take for one that is there. Asked
   * in the transaction that takes it, too.
   */
  refuseClash?(db: Read, release: Named): Promise<void>;
  readonly seal?: Seal;
  readonly renderer: IndexRenderer;
}

/** The same with what the registry itself says of the release, and the key it says it with. */
export interface Sealed extends Entries {
  readonly signedBy: string | null;
}

/**
 * Adds what the registry says of a release that becomes public. In its transaction, for a key ends in one: see
 * `rotate-signing-key.ts`. Nothing that waits for approval is sealed.
 */
export type Seal = (
  release: Entries & { readonly name: string; readonly version: string },
  keys: SigningKeys,
) => Sealed;

interface Named {
  readonly name: string;
  readonly version: string;
}

/** By the name that stands in URLs, in the database and in acts. */
export type Ecosystems = Readonly<Record<string, Ecosystem>>;

/** Throws `bad_request` for a world this registry does not know. */
export function getEcosystem(ecosystems: Ecosystems, name: unknown): Ecosystem {
  const known = typeof name === 'string' && Object.hasOwn(ecosystems, name) ? ecosystems[name] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(ecosystems).join(', ');
  throw new Refusal('bad_request', `the ecosystem is none of: ${names}`);
}

/** Throws what the ecosystem of the release refuses beside the same name and version. */
export async function refuseClash(
  ecosystems: Ecosystems,
  db: Read,
  release: Named & { readonly ecosystem: string },
): Promise<void> {
  await getEcosystem(ecosystems, release.ecosystem).refuseClash?.(db, release);
}
