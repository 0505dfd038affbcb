import type { Passwords } from './accounts/passwords.ts';
import type { SeedKeys } from './accounts/second-factor/seed-keys.ts';
import type { Background } from './background.ts';
import type { Documents } from './packages/document.ts';
import type { OpenAnswer } from './protocols/open-answer.ts';
import type { Ecosystems } from './releases/ecosystem.ts';
import type { SigningKeys } from './releases/signing-keys.ts';
import type { BlobStore } from './store/blobs.ts';
import type { ByteCache } from './store/byte-cache.ts';
import type { Database } from './store/database.ts';
import type { UpstreamCache } from './upstream/cache.ts';
import type { Upstreams } from './upstream/upstreams.ts';

/** What the parts of the registry may use of the world outside. Built in `wiring.ts`, and by tests. */
export interface Services {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly passwords: Passwords;
  readonly seedKeys: SeedKeys;
  /** With which the registry vouches for what it published. */
  readonly signingKeys: SigningKeys;
  readonly ecosystems: Ecosystems;
  readonly documents: Documents;
  readonly openAnswers: ByteCache<OpenAnswer>;
  readonly background: Background;
  readonly upstreamCache: UpstreamCache;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly settings: Settings;
  /** One line for the operator, on stderr. Never a secret. */
  readonly log: (line: string) => void;
}

export interface Settings {
  /** Whether anybody may create an account. */
  readonly registration: 'open' | 'closed';
  /** Largest archive taken, in bytes. */
  readonly maximumArchiveBytes: number;
  /** How long a token from a login lives, in milliseconds. */
  readonly loginTokenLifetime: number;
  /** Where clients reach this registry, without a trailing slash. Known once it listens. */
  readonly publicUrl: () => string;
  /** Whether cargo's index and downloads take a token. */
  readonly cargoAuthRequired: boolean;
  /** The registries that are read through this one. */
  readonly upstreams: Upstreams;
  /** The name an authenticator app shows. */
  readonly issuer: string;
}
