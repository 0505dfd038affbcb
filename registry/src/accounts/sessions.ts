import { createHash, randomBytes } from 'node:crypto';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { SessionRow } from '../store/schema-people.ts';
import type { Program } from './actor.ts';

/**
 * A browser that is logged in. Its cookie holds 256 random bits, kept as a hash; they change when the session
 * comes to mean more than before: at the second factor of a login, and whenever the person confirms that it is
 * them. A value somebody planted or saw earlier is worth nothing then (ASVS 5 §7.2.4).
 */

const minute = 60 * 1_000;
const hour = 60 * minute;

/** NIST SP 800-63B-4 §2.2.3 (AAL2): ended after an hour of silence, and after a day in any case. */
export const idleLimit = hour;
export const absoluteLimit = 24 * hour;

/** How long the second factor may be waited for, once the password was right. */
export const halfLoginLimit = 10 * minute;

/** A request notes that the session is alive at most this often: reads must not become writes. */
const touchPause = minute;

export type SessionFactor = 'totp' | 'passkey' | 'recovery-code';

export interface Session {
  readonly id: number;
  readonly accountId: number;
  readonly accountName: string;
  /** `password`: the second factor is missing yet, and nothing else may be done. */
  readonly state: SessionRow['state'];
  readonly factor: string | null;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly provedAt: number | null;
  readonly provedWith: string | null;
}

export interface NewSession {
  readonly accountId: number;
  readonly state: Session['state'];
  /** What it was logged in with besides the password. */
  readonly factor: SessionFactor | undefined;
  /** What the person proved themselves with just now; nothing for a recovery code, which proves only for a login. */
  readonly provedWith: 'totp' | 'passkey' | 'password' | undefined;
  readonly program: Program;
  readonly now: number;
}

/** Begins a session. The answer is the cookie's value. */
export async function createSession(transaction: Write, session: NewSession): Promise<string> {
  const { now, program, provedWith } = session;
  const secret = createSecret();
  // Nothing refers to one that is over; logins and their ends are in the audit log.
  await transaction.deleteFrom('sessions').where('expires_at', '<=', now).execute();
  await transaction
    .insertInto('sessions')
    .values({
      account_id: session.accountId,
      hash: hash(secret),
      state: session.state,
      factor: session.factor ?? null,
      agent: program.agent,
      address: program.address,
      created_at: now,
      seen_at: now,
      expires_at: now + (session.state === 'full' ? absoluteLimit : halfLoginLimit),
      proved_at: provedWith === undefined ? null : now,
      proved_with: provedWith ?? null,
      ended_at: null,
    })
    .execute();
  return secret;
}

/** The session behind a cookie, unless it ended, was silent for too long, or was never there. */
export async function findSession(db: Read, secret: string, now: number): Promise<Session | undefined> {
  return await db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select([
      'sessions.id',
      'sessions.account_id as accountId',
      'accounts.name as accountName',
      'sessions.state',
      'sessions.factor',
      'sessions.created_at as createdAt',
      'sessions.seen_at as seenAt',
      'sessions.proved_at as provedAt',
      'sessions.proved_with as provedWith',
    ])
    .where('sessions.hash', '=', hash(secret))
    .where('sessions.ended_at', 'is', null)
    .where('sessions.expires_at', '>', now)
    .where('sessions.seen_at', '>', now - idleLimit)
    .executeTakeFirst();
}

/** Notes that a session is in use. */
export async function touchSession(
  { database, clock }: Pick<Services, 'database' | 'clock'>,
  session: Session,
): Promise<void> {
  const now = clock();
  if (session.seenAt + touchPause > now) return;
  await database.write((transaction) =>
    transaction.updateTable('sessions').set({ seen_at: now }).where('id', '=', session.id).execute(),
  );
}

export interface StepUp {
  /** The cookie's value so far. */
  readonly secret: string;
  readonly provedWith: NewSession['provedWith'];
  /** For a login that was waiting for it. */
  readonly completed?: { readonly factor: SessionFactor };
  readonly now: number;
}

/**
 * Gives a session a new cookie because its person proved more than before. `undefined` when the old value is no
 * longer the session's: of two step-ups at once the first one counts.
 */
export async function stepUp(transaction: Write, step: StepUp): Promise<string | undefined> {
  const { secret, provedWith, completed, now } = step;
  const next = createSecret();
  const result = await transaction
    .updateTable('sessions')
    .set({
      hash: hash(next),
      seen_at: now,
      ...(provedWith && { proved_at: now, proved_with: provedWith }),
      ...(completed && { state: 'full', factor: completed.factor, expires_at: now + absoluteLimit }),
    })
    .where('hash', '=', hash(secret))
    .where('state', '=', completed ? 'password' : 'full')
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where('seen_at', '>', now - idleLimit)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n ? next : undefined;
}

export interface ListedSession {
  readonly id: number;
  readonly factor: string | null;
  readonly agent: string;
  readonly address: string;
  readonly createdAt: number;
  readonly seenAt: number;
}

/** The browsers an account is logged in with, the latest first. */
export async function listSessions(db: Read, accountId: number, now: number): Promise<ListedSession[]> {
  return await db
    .selectFrom('sessions')
    .select(['id', 'factor', 'agent', 'address', 'created_at as createdAt', 'seen_at as seenAt'])
    .where('account_id', '=', accountId)
    .where('state', '=', 'full')
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where('seen_at', '>', now - idleLimit)
    .orderBy('seen_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** Ends one session of an account. False when it has no such session, or no longer. */
export async function endSession(
  transaction: Write,
  { accountId, id, now }: { readonly accountId: number; readonly id: number; readonly now: number },
): Promise<boolean> {
  const result = await transaction
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends every session of an account but one. */
export async function endOtherSessions(
  transaction: Write,
  { accountId, kept, now }: { readonly accountId: number; readonly kept?: number; readonly now: number },
): Promise<void> {
  await transaction
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .where('id', '!=', kept ?? -1)
    .execute();
}

/** 256 bits, as a cookie's value: 43 characters of base64url. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
