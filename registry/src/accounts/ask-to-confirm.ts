import type { Refusal } from '../errors.ts';
import { enqueueMail, fromProgram, mailAccount } from '../mail/outbox.ts';
import type { Write } from '../store/database.ts';
import type { Program } from './actor.ts';
import { chargeAttempt, verificationLimit } from './attempts.ts';
import { createMailLink } from './mail-links.ts';

export interface AddressToConfirm {
  readonly account: { readonly id: number; readonly name: string; readonly email: string | null };
  readonly email: string;
  /** What asked for it, where that is known. */
  readonly program: Program | undefined;
}

/** Before a link goes to an address that an account names: it may be a stranger's. As `chargeAttempt`. */
export async function chargeConfirmation(
  transaction: Write,
  accountId: number,
  now: number,
): Promise<Refusal | undefined> {
  return await chargeAttempt(transaction, `verify:${accountId}`, verificationLimit, now);
}

/** Sends the link that confirms an address. For a new one the old one hears of it too. */
export async function askToConfirm(
  transaction: Write,
  now: number,
  { account, email, program }: AddressToConfirm,
): Promise<void> {
  const from = program && fromProgram(program);
  const secret = await createMailLink(transaction, { accountId: account.id, purpose: 'verify', email, now });
  const values = { account: account.name, ...from, secret };
  await enqueueMail(transaction, now, { to: email, template: 'verify-email', values });
  if (account.email === null || account.email === email) return;
  await mailAccount(transaction, now, account.id, {
    template: 'address-change-asked',
    values: { ...from, email },
  });
}
