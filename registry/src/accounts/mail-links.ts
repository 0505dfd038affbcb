import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Read, Write } from '../store/database.ts';
import type { MailLinkRow } from '../store/schema-people.ts';

/**
 * A link that is mailed proves that whoever opens it reads that address. It holds 256 random bits, kept as a
 * hash; it works once, for one purpose, for one address of one account, and for a limited time. Opening it
 * changes nothing: programs that look at mail open links too.
 */
export type MailLink = Selectable<MailLinkRow>;

const hour = 60 * 60 * 1_000;

/** In milliseconds. NIST SP 800-63B-4 §4.2.1.2 allows a mailed recovery code 24 hours. */
export const linkLifetime: Readonly<Record<MailLink['purpose'], number>> = { verify: 24 * hour, reset: hour };

export interface NewMailLink {
  readonly accountId: number;
  readonly purpose: MailLink['purpose'];
  readonly email: string;
  readonly now: number;
}

/**
 * Makes a link. One that confirms an address ends the earlier ones, which may be for another address; those for a
 * new password all go to the same one, and a stranger who asks must not take away what the owner asked for.
 */
export async function createMailLink(
  transaction: Write,
  { accountId, purpose, email, now }: NewMailLink,
): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  await transaction.deleteFrom('mail_links').where('expires_at', '<=', now).execute();
  if (purpose === 'verify') await endMailLinks(transaction, { accountId, purpose, now });
  await transaction
    .insertInto('mail_links')
    .values({
      hash: hash(secret),
      account_id: accountId,
      purpose,
      email,
      created_at: now,
      expires_at: now + linkLifetime[purpose],
      used_at: null,
    })
    .execute();
  return secret;
}

/** The link behind a secret, while it is good. */
export async function findMailLink(
  db: Read,
  {
    secret,
    purpose,
    now,
  }: { readonly secret: string; readonly purpose: MailLink['purpose']; readonly now: number },
): Promise<MailLink | undefined> {
  return await db
    .selectFrom('mail_links')
    .selectAll()
    .where('hash', '=', hash(secret))
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** False when it was used meanwhile. */
export async function consumeMailLink(transaction: Write, link: MailLink, now: number): Promise<boolean> {
  const result = await transaction
    .updateTable('mail_links')
    .set({ used_at: now })
    .where('hash', '=', link.hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends every link of an account, or those for one purpose. */
export async function endMailLinks(
  transaction: Write,
  {
    accountId,
    purpose,
    now,
  }: { readonly accountId: number; readonly purpose?: MailLink['purpose']; readonly now: number },
): Promise<void> {
  const links = transaction
    .updateTable('mail_links')
    .set({ used_at: now })
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null);
  await (purpose === undefined ? links : links.where('purpose', '=', purpose)).execute();
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
