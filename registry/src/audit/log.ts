import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { Read, Write } from '../store/database.ts';
import type { AuditEventRow } from '../store/schema.ts';
import { columns, type Placeholders, statement } from '../store/statement.ts';

/**
 * The append-only log of everything that changed who may do what, and of every release and refusal. Each
 * event holds the hash of the one before it, so that an event cannot be changed, removed or put in between
 * without every later hash changing too. Whoever keeps an old head can tell.
 */

/** What happened, as `subject:act`. The list is public: `docs/self-hosting.md`, "The audit log". */
export type AuditTag =
  | 'account:created'
  | 'account:login'
  | 'account:login-refused'
  | 'account:logout'
  | 'account:password-changed'
  | 'account:profile-changed'
  | 'account:email-change-asked'
  | 'account:email-changed'
  | 'account:email-verified'
  | 'account:password-reset-asked'
  | 'account:password-reset'
  | 'account:hold-lifted'
  | 'account:change-refused'
  | 'account:new-address'
  | 'session:confirmed'
  | 'session:confirm-refused'
  | 'approval:granted'
  | 'approval:denied'
  | 'approval:refused'
  | 'token:created'
  | 'token:revoked'
  | 'token:leak-reported'
  | 'token:refused'
  | 'factor:enrolment-begun'
  | 'factor:enabled'
  | 'factor:mode-changed'
  | 'factor:disabled'
  | 'factor:reset-by-operator'
  | 'factor:code-refused'
  | 'factor:recovery-code-used'
  | 'factor:recovery-codes-replaced'
  | 'factor:passkey-added'
  | 'factor:passkey-renamed'
  | 'factor:passkey-removed'
  | 'factor:passkey-refused'
  | 'factor:passkey-counter-regressed'
  | 'session:ended'
  | 'session:others-ended'
  | 'package:created'
  | 'package:access-changed'
  | 'package:require-2fa-on'
  | 'package:require-2fa-off'
  | 'package:tag-set'
  | 'package:tag-removed'
  | 'package:deprecated'
  | 'package:change-refused'
  | 'owner:added'
  | 'owner:removed'
  | 'owner:invited'
  | 'owner:invitation-declined'
  | 'owner:invitation-withdrawn'
  | 'owner:role-changed'
  | 'organisation:created'
  | 'organisation:require-2fa-on'
  | 'organisation:require-2fa-off'
  | 'organisation:change-refused'
  | 'member:added'
  | 'member:removed'
  | 'member:role-changed'
  | 'scope:claimed'
  | 'scope:change-refused'
  | 'transfer:offered'
  | 'transfer:done'
  | 'transfer:declined'
  | 'package:yanked'
  | 'package:unyanked'
  | 'release:published'
  | 'release:staged'
  | 'release:rejected'
  | 'release:decision-refused'
  | 'release:unpublished'
  | 'release:refused'
  | 'keys:rotated';

export interface AuditEvent {
  readonly tag: AuditTag;
  /** Who did it: an account name, `operator`, or `anonymous`. */
  readonly actor: string;
  /** On what: `alice`, `npm:@acme/tool`, `npm:@acme/tool@1.0.0`. */
  readonly subject: string;
  /** More, never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What the first event holds as the hash before it. */
const genesis = '0'.repeat(64);

/** Appends in the transaction of the change it tells of, so that neither is there without the other. */
export async function recordEvent(transaction: Write, at: number, event: AuditEvent): Promise<void> {
  const last = await lastEvent(transaction);
  const row = {
    sequence: (last?.sequence ?? 0) + 1,
    at,
    tag: event.tag,
    actor: event.actor,
    subject: event.subject,
    details: JSON.stringify(event.details ?? {}),
    previous: last?.hash ?? genesis,
  };
  await insertEvent.run(transaction, { ...row, hash: hashOf(row) });
}

const insertEvent = statement((db, row: Placeholders<AuditEventRow>) =>
  db
    .insertInto('audit_events')
    .values(columns(row, ['sequence', 'at', 'tag', 'actor', 'subject', 'details', 'previous', 'hash'])),
);

export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

const selectLast = statement((db) =>
  db.selectFrom('audit_events').select(['sequence', 'hash']).orderBy('sequence', 'desc').limit(sql.lit(1)),
);

async function lastEvent(db: Read): Promise<AuditHead | undefined> {
  return await selectLast.first(db, {});
}

/** Length-prefixed, so that no two different events have the same bytes. */
function hashOf(row: Omit<AuditEventRow, 'hash'>): string {
  const members = [row.previous, row.sequence, row.at, row.tag, row.actor, row.subject, row.details].map(
    String,
  );
  const bytes = Buffer.alloc(members.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 0));
  let at = 0;
  for (const text of members) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32BE(length, at);
    at += 4 + length;
  }
  return hash('sha256', bytes);
}

export type AuditVerdict =
  | { readonly intact: true; readonly events: number; readonly head: string }
  | { readonly intact: false; readonly sequence: number; readonly problem: string };

const pageSize = 1_000;

/** Reads the whole log and recomputes every hash. Stops at the first event that does not fit. */
export async function verifyAuditLog(db: Read): Promise<AuditVerdict> {
  let previous: AuditHead = { sequence: 0, hash: genesis };
  // Not from 0: an event put before the first is one too many.
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const page = await db
      .selectFrom('audit_events')
      .selectAll()
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(pageSize)
      .execute();
    for (const event of page) {
      const problem = problemWith(event, previous);
      if (problem !== undefined) return { intact: false, sequence: event.sequence, problem };
      previous = event;
      after = event.sequence;
    }
    if (page.length < pageSize) return { intact: true, events: previous.sequence, head: previous.hash };
  }
}

function problemWith(event: AuditEventRow, previous: AuditHead): string | undefined {
  if (event.sequence !== previous.sequence + 1) return `event ${previous.sequence + 1} is missing`;
  if (event.previous !== previous.hash) return 'it does not follow the event before it';
  if (event.hash !== hashOf(event)) return 'its content does not match its hash';
  return undefined;
}
