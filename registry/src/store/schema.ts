import type { Generated, Selectable } from 'kysely';
import type {
  ApprovalRow,
  ApprovalUseRow,
  InvitationRow,
  KnownAddressRow,
  MailLinkRow,
  MemberRow,
  OrganisationRow,
  OutboxRow,
  PasskeyRow,
  ScopeRow,
  SessionRow,
  TransferRow,
  WebauthnChallengeRow,
} from './schema-people.ts';

/**
 * The tables. Times are milliseconds since the epoch, booleans 0 or 1, structured values JSON text: the
 * types SQLite and PostgreSQL both have. Nothing here cascades: a row that others refer to is never deleted.
 */
export interface Schema {
  accounts: AccountRow;
  totp_factors: TotpFactorRow;
  recovery_codes: RecoveryCodeRow;
  tokens: TokenRow;
  attempts: AttemptsRow;
  packages: PackageRow;
  owners: OwnerRow;
  releases: ReleaseRow;
  release_summaries: ReleaseSummaryRow;
  attestations: AttestationRow;
  blobs: BlobRow;
  tags: TagRow;
  audit_events: AuditEventRow;
  known_addresses: KnownAddressRow;
  sessions: SessionRow;
  passkeys: PasskeyRow;
  webauthn_challenges: WebauthnChallengeRow;
  approvals: ApprovalRow;
  approval_uses: ApprovalUseRow;
  outbox: OutboxRow;
  mail_links: MailLinkRow;
  invitations: InvitationRow;
  organisations: OrganisationRow;
  members: MemberRow;
  scopes: ScopeRow;
  transfers: TransferRow;
}

export interface AccountRow {
  id: Generated<number>;
  name: string;
  email: string | null;
  /** argon2id, in its own encoded form. */
  password_hash: string;
  /** As a profile shows them; JSON. */
  profile: string;
  created_at: number;
  updated_at: number;
  email_verified_at: number | null;
  /** Until then the account publishes and changes nothing: it was got back with a recovery code. */
  hold_until: number | null;
}

export interface TotpFactorRow {
  id: string;
  account_id: number;
  /** At most one row of each state an account; a pending one never weakens the active one. */
  state: 'active' | 'pending';
  mode: 'auth-only' | 'auth-and-writes';
  /** Encrypted: see `accounts/second-factor/seed-keys.ts`. */
  seed: string;
  /** The last accepted time step. A code is accepted only for a later one. */
  last_step: number;
  created_at: number;
}

export interface RecoveryCodeRow {
  id: Generated<number>;
  account_id: number;
  /** argon2id: a code has fewer than 112 bits (NIST SP 800-63B-4 §3.1.2). */
  hash: string;
  created_at: number;
  used_at: number | null;
}

export interface TokenRow {
  id: Generated<number>;
  account_id: number;
  /** SHA-256 of the token, hex. */
  hash: string;
  label: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
  /** Why, where it was not its owner who did it: `leaked`. */
  revoked_for: string | null;
  /** How it begins, for its owner to tell it from others. */
  hint: string | null;
  description: string | null;
  /** What it may be used for, JSON; null for everything its account may do. */
  scopes: string | null;
  /** Names and scopes of packages it is for, JSON; null for all. */
  packages: string | null;
  /** Networks it may be used from, JSON; null for all. */
  cidr: string | null;
  last_used_at: number | null;
  last_used_address: string | null;
  /** The one act it is good for, once: `accounts/act.ts`, as text. Null for every other token. */
  act: string | null;
  /** What that act was approved with when the token was made, if anything. */
  factor: string | null;
  /** The token it was made with, and ends with. */
  parent_id: number | null;
}

/** Failed attempts at one thing, such as the one-time passwords of one account. */
export interface AttemptsRow {
  subject: string;
  failures: number;
  /** When the count is forgotten; null for one that only a success resets. */
  forget_at: number | null;
  /** Nothing is looked at before this. */
  blocked_until: number;
}

export interface PackageRow {
  id: Generated<number>;
  ecosystem: string;
  name: string;
  access: 'public' | 'restricted';
  require_2fa: 0 | 1;
  /** Goes up with every change; npm's `_rev`. */
  revision: number;
  created_at: number;
  updated_at: number;
  /** The organisation an unscoped package was moved to; one with a scope belongs to whoever holds that. */
  organisation_id: number | null;
  /** Bytes that its index says of all its releases together, in the longer of the two forms. */
  index_size: Generated<number>;
}

/** A package as it is read. */
export type PackageRecord = Selectable<PackageRow>;

export interface OwnerRow {
  package_id: number;
  account_id: number;
  /** An owner may do everything, a maintainer publish. */
  role: Generated<'owner' | 'maintainer'>;
  added_at: number;
}

export interface ReleaseRow {
  id: Generated<number>;
  package_id: number;
  version: string;
  state: ReleaseState;
  sha256: string;
  size: number;
  publisher_id: number;
  /** What approved it: `totp`, or null where no factor was required. */
  factor: string | null;
  /** What the ecosystem's index says of this version, rendered from the archive; JSON. */
  entry: string;
  short_entry: string;
  /** The text of the archive's README, shown for the version tagged latest. */
  readme: string | null;
  readme_filename: string | null;
  deprecated: string | null;
  /** Of ecosystems that take a version back without a word: no new project is resolved to it. */
  yanked: Generated<0 | 1>;
  /** For one that is not public, when it was handed in. */
  published_at: number;
  /** The id of the key its signature in `entry` is of; null where there is none. */
  signed_by: string | null;
  unpublished_at: number | null;
  /** A UUID. Null for a release that was published without waiting, as are all that follow. */
  stage_id: string | null;
  staged_at: number | null;
  /** The token it came with; null for a browser session. */
  staged_by_token: number | null;
  /** The program that handed it in, in its own words, and from where. */
  staged_agent: string | null;
  staged_address: string | null;
  /** The tag to move when it is approved. */
  tag: string | null;
  decided_at: number | null;
  decided_by: number | null;
}

/** What a search looks at and tells of a release, each member bounded: see `summary.ts`. */
export interface ReleaseSummaryRow {
  release_id: number;
  description: string | null;
  /** A list of texts; JSON. */
  keywords: string;
  license: string | null;
  /** Addresses by what is there; JSON. */
  links: string;
}

/** An archive that is small; others are files. */
export interface BlobRow {
  sha256: string;
  bytes: Buffer;
}

/** A statement about a release that came with it. */
export interface AttestationRow {
  release_id: number;
  predicate_type: string;
  /** As it arrived; JSON. */
  bundle: string;
}

/**
 * `staged` waits for approval, and becomes `published`, `rejected` or `expired`. Only what is `published` is
 * there for readers. The version stays taken in every state.
 */
export type ReleaseState = 'staged' | 'published' | 'rejected' | 'expired' | 'unpublished';

export interface TagRow {
  package_id: number;
  name: string;
  version: string;
}

export interface AuditEventRow {
  sequence: number;
  at: number;
  tag: string;
  actor: string;
  subject: string;
  details: string;
  previous: string;
  hash: string;
}
