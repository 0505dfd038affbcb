import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { recordEvent } from '../audit/log.ts';
import { mailAccount } from '../mail/outbox.ts';
import type { Write } from '../store/database.ts';

export interface Sighting {
  readonly accountId: number;
  readonly name: string;
  readonly address: string;
  /** What the token is called that was used or made. */
  readonly token: string;
  readonly program: string;
}

/** What a day's mails tell: a thief who hops from address to address must not bury the first mail under others. */
const mostMailsADay = 5;
const day = 24 * 60 * 60 * 1_000;

/** Above this many the oldest are forgotten, and told of again should they come back. */
const mostKnown = 500;

/** Remembers where an account was used from, and tells its owner of a place that is new, once. */
export async function noteAddress(transaction: Write, now: number, sighting: Sighting): Promise<void> {
  const { accountId, name, address, token, program } = sighting;
  const known = await transaction
    .selectFrom('known_addresses')
    .select(['address', 'first_seen_at'])
    .where('account_id', '=', accountId)
    .orderBy('first_seen_at')
    .execute();
  const hash = hashAddress(accountId, placeOf(address));
  if (known.some((row) => row.address === hash)) return;
  const row = { account_id: accountId, address: hash, first_seen_at: now };
  await transaction.insertInto('known_addresses').values(row).execute();
  // The first address of all is the one where the account was made: there is nothing to compare it with.
  if (known.length === 0) return;
  const [oldest] = known;
  if (oldest !== undefined && known.length >= mostKnown) await forget(transaction, accountId, oldest.address);
  if (known.filter((each) => each.first_seen_at > now - day).length > mostMailsADay) return;
  await recordEvent(transaction, now, {
    tag: 'account:new-address',
    actor: name,
    subject: name,
    details: { token },
  });
  await mailAccount(transaction, now, accountId, {
    template: 'new-address',
    values: { token, program, address },
  });
}

async function forget(transaction: Write, accountId: number, address: string): Promise<void> {
  await transaction
    .deleteFrom('known_addresses')
    .where('account_id', '=', accountId)
    .where('address', '=', address)
    .execute();
}

/** IPv6 gives every home a network of 2^64 addresses, and its machines change theirs daily (RFC 8981). */
function placeOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.split('::');
  const head = before.split(':').filter(Boolean);
  const tail = (after ?? '').split(':').filter(Boolean);
  const zeros =
    after === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/** Not the address itself: what an account's places were is nothing a copy of the database should tell at once. */
function hashAddress(accountId: number, address: string): string {
  return createHash('sha256').update(`${accountId} ${address}`).digest('hex');
}
