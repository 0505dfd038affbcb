import { Refusal } from '../errors.ts';
import type { IndexRenderer } from '../packages/index-renderer.ts';
import type { ReadSubmission } from './submission.ts';

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
  readonly renderer: IndexRenderer;
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
