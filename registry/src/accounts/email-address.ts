import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import { enqueueMail } from '../mail/outbox.ts';
import { listPackagesOfAccount } from '../packages/of-account.ts';
import { finishChange } from '../packages/packages.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { type Account, getAccount } from './accounts.ts';
import type { Program, Requester } from './actor.ts';
import { askToConfirm, chargeConfirmation } from './ask-to-confirm.ts';
import { changeAccount } from './change-account.ts';
import { refuseWhileHeld } from './hold.ts';
import { consumeMailLink, findMailLink, type MailLink } from './mail-links.ts';

/**
 * The address of an account counts once somebody who reads mail there said so. A new one takes the place of the
 * old one only then, so that a slip of the finger, or a thief, does not cut the owner off at once.
 */

/** Sends the link again, for somebody who is logged in. Throws `throttled`. */
export async function confirmAgain(
  services: Services,
  { actor }: Pick<Requester, 'actor'>,
  program: Program,
): Promise<void> {
  await changeAccount(services, actor, async () => {
    const refused = await services.database.write(async (transaction): Promise<Refusal | undefined> => {
      const now = services.clock();
      const account = await getAccount(transaction, actor.accountId);
      const email = await findPendingEmail(transaction, account, now);
      if (email === undefined) return new Refusal('conflict', 'there is no address to confirm');
      const blocked = await chargeConfirmation(transaction, account.id, now);
      if (blocked !== undefined) return blocked;
      // The old address was told when the new one was asked for.
      await askToConfirm(transaction, now, { account: { ...account, email }, email, program });
      return undefined;
    });
    if (refused !== undefined) throw refused;
  });
}

/** The address that waits to be confirmed: a new one that was asked for, or the account's own. */
export async function findPendingEmail(db: Read, account: Account, now: number): Promise<string | undefined> {
  const link = await db
    .selectFrom('mail_links')
    .select('email')
    .where('account_id', '=', account.id)
    .where('purpose', '=', 'verify')
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (link !== undefined) return link.email;
  return account.email !== null && account.email_verified_at === null ? account.email : undefined;
}

/** What a link would confirm, for the page that asks once more. Throws `not_found`. */
export async function describeConfirmation(
  services: Services,
  secret: string,
): Promise<{ readonly account: string; readonly email: string }> {
  const db = services.database.read;
  const link = await getLink(db, secret, services.clock());
  const account = await getAccount(db, link.account_id);
  return { account: account.name, email: link.email };
}

/** Confirms an address, and makes it the account's where it is a new one. Throws `not_found`, `account_held`. */
export async function confirmEmail(services: Services, secret: string): Promise<{ readonly email: string }> {
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const link = await getLink(transaction, secret, now);
    const account = await getAccount(transaction, link.account_id);
    const changes = account.email !== link.email;
    if (changes) await refuseWhileHeld(transaction, account.id, now);
    if (!(await consumeMailLink(transaction, link, now))) throw linkOver();
    if (changes) await tellBoth(transaction, now, account, link.email);
    await transaction
      .updateTable('accounts')
      .set({ email: link.email, email_verified_at: now, updated_at: now })
      .where('id', '=', account.id)
      .execute();
    if (changes) await renderPackages(services, transaction, account.id, now);
    const tag = changes ? 'account:email-changed' : 'account:email-verified';
    await recordEvent(transaction, now, { tag, actor: account.name, subject: account.name });
    return { email: link.email };
  });
}

/** Packuments name the addresses of those whose packages they are. */
async function renderPackages(
  services: Services,
  transaction: Write,
  accountId: number,
  now: number,
): Promise<void> {
  for (const record of await listPackagesOfAccount(transaction, accountId))
    await finishChange(services, transaction, record, now);
}

async function tellBoth(transaction: Write, now: number, account: Account, email: string): Promise<void> {
  const values = { account: account.name, email };
  for (const to of [account.email, email]) {
    if (to !== null) await enqueueMail(transaction, now, { to, template: 'address-changed', values });
  }
}

async function getLink(db: Read, secret: string, now: number): Promise<MailLink> {
  const link = await findMailLink(db, { secret, purpose: 'verify', now });
  if (link === undefined) throw linkOver();
  return link;
}

/** The same for a link that was used, has expired, was replaced by a later one, or never was. */
export function linkOver(): Refusal {
  return new Refusal('not_found', 'this link was used before, has expired, or was replaced by a later one');
}
