import type { Generated } from 'kysely';

/** An address an account was used from before, hashed. */
export interface KnownAddressRow {
  account_id: number;
  address: string;
  first_seen_at: number;
}

/** A browser that is logged in, or has shown the password and not yet the second factor. */
export interface SessionRow {
  id: Generated<number>;
  account_id: number;
  /** SHA-256 of the cookie's value, hex. */
  hash: string;
  state: 'password' | 'full';
  /** What logged it in besides the password: `totp`, `passkey`, `recovery-code`. */
  factor: string | null;
  agent: string;
  address: string;
  created_at: number;
  seen_at: number;
  /** The absolute limit; the idle one is counted from `seen_at`. */
  expires_at: number;
  /** When the person last proved who they are, for acts that take a fresh proof. */
  proved_at: number | null;
  /** By what: `totp`, `passkey`, or `password` for an account without a factor. */
  proved_with: string | null;
  ended_at: number | null;
}

export interface PasskeyRow {
  /** The credential's id, base64url; one of them belongs to one account. */
  id: string;
  account_id: number;
  name: string;
  /** COSE key, base64url. */
  public_key: string;
  counter: number;
  transports: string;
  aaguid: string;
  device_type: string;
  backed_up: 0 | 1;
  created_at: number;
  last_used_at: number | null;
}

/** A challenge works once, for what it was made for. */
export interface WebauthnChallengeRow {
  challenge: string;
  purpose: string;
  account_id: number | null;
  /** What it is bound to, such as a session or an approval. */
  context: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/** Something a program asked for and a person approves in a browser: one act, or a login. */
export interface ApprovalRow {
  id: Generated<number>;
  kind: 'act' | 'login';
  /** SHA-256 of the capability in the page's URL, and of the one in the URL that is polled. */
  page_hash: string;
  done_hash: string;
  /** Who asked; null for a login until somebody approves it. */
  account_id: number | null;
  /** What exactly was asked: `accounts/act.ts`, as text. */
  act: string;
  agent: string;
  address: string;
  created_at: number;
  expires_at: number;
  approved_at: number | null;
  approved_with: string | null;
  denied_at: number | null;
  /** When the program fetched the proof; it gets it once. */
  delivered_at: number | null;
  proof_hash: string | null;
  used_at: number | null;
}

/** One of the acts a proof for many was used for. */
export interface ApprovalUseRow {
  approval_id: number;
  /** As text. */
  act: string;
  used_at: number;
}

export interface OutboxRow {
  id: Generated<number>;
  recipient: string;
  template: string;
  /** Subject, text and HTML, JSON. Emptied of links once it was sent. */
  content: string;
  created_at: number;
  attempts: number;
  next_at: number;
  /** A worker that is sending it says until when, so that no other does. */
  claimed_until: number;
  sent_at: number | null;
  failure: string | null;
}

/** A link in a mail: proves that its reader reads that address. */
export interface MailLinkRow {
  hash: string;
  account_id: number;
  purpose: 'verify' | 'reset';
  email: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

export interface InvitationRow {
  id: Generated<number>;
  package_id: number;
  account_id: number;
  role: 'owner' | 'maintainer';
  invited_by: number;
  created_at: number;
  expires_at: number;
  answered_at: number | null;
  answer: 'accepted' | 'declined' | 'withdrawn' | null;
}

/** A package or a scope offered to an account or to an organisation. */
export interface TransferRow {
  id: Generated<number>;
  package_id: number | null;
  scope: string | null;
  account_id: number | null;
  organisation_id: number | null;
  /** Names of those whose named roles outlive the transfer, JSON. */
  keep: string;
  offered_by: number;
  created_at: number;
  expires_at: number;
  answered_at: number | null;
  answer: 'accepted' | 'declined' | 'withdrawn' | null;
}

export interface OrganisationRow {
  id: Generated<number>;
  name: string;
  require_2fa: 0 | 1;
  created_at: number;
}

export interface MemberRow {
  organisation_id: number;
  account_id: number;
  role: 'owner' | 'member';
  added_at: number;
}

/** `@acme` belongs to one account or to one organisation. */
export interface ScopeRow {
  /** With its `@`. */
  name: string;
  account_id: number | null;
  organisation_id: number | null;
  created_at: number;
}
