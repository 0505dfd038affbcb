import { randomInt } from 'node:crypto';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';

/**
 * Recovery codes are all digits, because npm's prompt takes nothing else; 20 of them are 66 bits. They log
 * in, once each, and do nothing else: whoever finds the sheet of paper cannot publish with it.
 */
const codeCount = 10;
const codeLength = 20;

export function generateRecoveryCodes(): string[] {
  return Array.from({ length: codeCount }, generateRecoveryCode);
}

/** One, to take the place of one that was used: NIST SP 800-63B-4 §4.2.1.1. */
export function generateRecoveryCode(): string {
  return Array.from({ length: codeLength }, () => String(randomInt(10))).join('');
}

/** The digits of what a person typed, or `undefined` when it cannot be a recovery code. */
export function normaliseRecoveryCode(text: string): string | undefined {
  const digits = text.replaceAll(/[ -]/g, '');
  return digits.length === codeLength && /^\d+$/.test(digits) ? digits : undefined;
}

/** Replaces an account's codes; the hashes were made before the transaction began. */
export async function replaceRecoveryCodes(
  transaction: Write,
  accountId: number,
  hashes: readonly string[],
  now: number,
): Promise<void> {
  await transaction.deleteFrom('recovery_codes').where('account_id', '=', accountId).execute();
  if (hashes.length === 0) return;
  const rows = hashes.map((hash) => ({ account_id: accountId, hash, created_at: now, used_at: null }));
  await transaction.insertInto('recovery_codes').values(rows).execute();
}

/** Adds one to those an account has. */
export async function addRecoveryCode(
  transaction: Write,
  accountId: number,
  hash: string,
  now: number,
): Promise<void> {
  const row = { account_id: accountId, hash, created_at: now, used_at: null };
  await transaction.insertInto('recovery_codes').values(row).execute();
}

/** The id of the unused code that matches. Every one is tried, whichever matches. */
export async function findRecoveryCode(
  services: Pick<Services, 'database' | 'passwords'>,
  accountId: number,
  code: string,
): Promise<number | undefined> {
  const rows = await services.database.read
    .selectFrom('recovery_codes')
    .select(['id', 'hash'])
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .execute();
  const matches = await Promise.all(rows.map((row) => services.passwords.verify(code, row.hash)));
  return rows.find((_, index) => matches[index])?.id;
}

/** False when it was used meanwhile. */
export async function consumeRecoveryCode(transaction: Write, id: number, now: number): Promise<boolean> {
  const result = await transaction
    .updateTable('recovery_codes')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
