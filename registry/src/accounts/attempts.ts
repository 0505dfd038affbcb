import { Refusal, type RefusalCode } from '../errors.ts';
import type { Write } from '../store/database.ts';

/**
 * Counts failed attempts in the database, so that every path and every process shares the count. An attempt
 * is charged before it is looked at and the charge is taken back when it succeeds: attempts made at the same
 * time cannot all slip under the limit, and whatever fails in between leaves the charge standing.
 */
export interface AttemptLimit {
  /** How the refusal is called. */
  readonly code: Extract<RefusalCode, 'otp_throttled' | 'throttled'>;
  readonly what: string;
  /** Failures before the first wait. */
  readonly free: number;
  /** The first wait in milliseconds; each further failure doubles it. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** After this many failures in a row nothing is accepted until the operator steps in. */
  readonly final?: number;
  /** Failures older than this are forgotten, in milliseconds. Without it only a success resets the count. */
  readonly forgetAfter?: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** NIST SP 800-63B-4 §3.2.2: waits of 30 s to 1 h, at most 100 failures in a row, reset by success only. */
export const oneTimePasswordLimit: AttemptLimit = {
  code: 'otp_throttled',
  what: 'wrong one-time passwords',
  free: 5,
  firstWait: 30 * second,
  longestWait: hour,
  final: 100,
};

/** For one account from one address: a stranger elsewhere cannot lock the person out. */
export const passwordFromAddressLimit: AttemptLimit = {
  code: 'throttled',
  what: 'wrong passwords',
  free: 10,
  firstWait: 30 * second,
  longestWait: hour,
  forgetAfter: 24 * hour,
};

/** For one account from everywhere: bounds a guess spread over many addresses. */
export const passwordLimit: AttemptLimit = {
  code: 'throttled',
  what: 'wrong passwords',
  free: 100,
  firstWait: minute,
  longestWait: 10 * minute,
  forgetAfter: 24 * hour,
};

/** For all accounts from one address, those that do not exist among them. Wide, for offices behind one address. */
export const addressLimit: AttemptLimit = {
  code: 'throttled',
  what: 'wrong passwords from this address',
  free: 100,
  firstWait: minute,
  longestWait: hour,
  forgetAfter: hour,
};

/** Accounts created from one address. Never cleared by success: a success is what is counted. */
export const registrationLimit: AttemptLimit = {
  code: 'throttled',
  what: 'new accounts from this address',
  free: 20,
  firstWait: minute,
  longestWait: hour,
  forgetAfter: hour,
};

/** Logins in a browser begun by programs at one address, finished or not. Wide, for offices behind one address. */
export const browserLoginLimit: AttemptLimit = {
  code: 'throttled',
  what: 'logins from this address',
  free: 100,
  firstWait: minute,
  longestWait: hour,
  forgetAfter: hour,
};

/** Reports of leaked tokens from one address, a hundred tokens each. Never cleared: every report counts. */
export const leakReportLimit: AttemptLimit = {
  code: 'throttled',
  what: 'reports from this address',
  free: 60,
  firstWait: minute,
  longestWait: hour,
  forgetAfter: hour,
};

/** Links for a new password, for one account: five a day, and nobody is told when there are no more. */
export const resetLimit: AttemptLimit = {
  code: 'throttled',
  what: 'requests for a new password',
  free: 5,
  firstWait: 24 * hour,
  longestWait: 24 * hour,
  forgetAfter: 24 * hour,
};

/** The same for all accounts from one address: no way to mail to everybody, nor to try who is there. */
export const resetFromAddressLimit: AttemptLimit = {
  code: 'throttled',
  what: 'requests for a new password from this address',
  free: 20,
  firstWait: 10 * minute,
  longestWait: hour,
  forgetAfter: hour,
};

/** Links that confirm an address, for one account. */
export const verificationLimit: AttemptLimit = {
  code: 'throttled',
  what: 'requests to confirm an address',
  free: 5,
  firstWait: hour,
  longestWait: 24 * hour,
  forgetAfter: 24 * hour,
};

/**
 * Charges one attempt. Returns the refusal when the limit is reached, instead of throwing it: the charge
 * must be committed, and an exception would roll it back.
 */
export async function chargeAttempt(
  transaction: Write,
  subject: string,
  limit: AttemptLimit,
  now: number,
): Promise<Refusal | undefined> {
  // Whoever makes up names must not fill the database with them.
  await transaction.deleteFrom('attempts').where('forget_at', '<', now).execute();
  const row = await transaction
    .selectFrom('attempts')
    .selectAll()
    .where('subject', '=', subject)
    .executeTakeFirst();
  const before = row?.failures ?? 0;
  if (limit.final !== undefined && before >= limit.final) {
    return new Refusal(limit.code, `too many ${limit.what}: ask the operator of this registry to reset it`);
  }
  if (row !== undefined && row.blocked_until > now) {
    const wait = Math.ceil((row.blocked_until - now) / second);
    const text = `too many ${limit.what}: try again in ${wait} seconds`;
    return new Refusal(limit.code, text, { retryAfter: wait });
  }
  const failures = before + 1;
  const forget_at = limit.forgetAfter === undefined ? null : now + limit.forgetAfter;
  const next = { failures, forget_at, blocked_until: now + waitAfter(failures, limit) };
  await transaction
    .insertInto('attempts')
    .values({ subject, ...next })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(next))
    .execute();
  return undefined;
}

/** Takes every charge back: the attempt succeeded. */
export async function clearAttempts(transaction: Write, subject: string): Promise<void> {
  await transaction.deleteFrom('attempts').where('subject', '=', subject).execute();
}

/** Takes one charge back where others share the count: one success says nothing about their failures. */
export async function refundAttempt(transaction: Write, subject: string): Promise<void> {
  await transaction
    .updateTable('attempts')
    .set((eb) => ({ failures: eb('failures', '-', 1), blocked_until: 0 }))
    .where('subject', '=', subject)
    .where('failures', '>', 0)
    .execute();
}

function waitAfter(failures: number, limit: AttemptLimit): number {
  const doublings = failures - limit.free;
  return doublings < 0 ? 0 : Math.min(limit.firstWait * 2 ** doublings, limit.longestWait);
}
