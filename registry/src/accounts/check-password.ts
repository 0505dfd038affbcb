import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import { isAccountName } from './account-name.ts';
import { type Account, findAccount, getAccount } from './accounts.ts';
import {
  addressLimit,
  chargeAttempt,
  clearAttempts,
  passwordFromAddressLimit,
  passwordLimit,
  refundAttempt,
} from './attempts.ts';
import { senderOf } from './tokens/networks.ts';

interface PresentedPassword {
  readonly name: string;
  readonly password: string;
  /** Where the request comes from, for the limit on wrong passwords. */
  readonly address: string;
}

/** Checks name and password against the limits on guessing. Throws `login_refused` or `throttled`. */
export async function checkPassword(services: Services, request: PresentedPassword): Promise<Account> {
  const { database, passwords } = services;
  const account = await findAccount(database.read, request.name);
  const subjects = passwordAttempts(request);
  const blocked = await database.write((transaction) => chargeAll(transaction, subjects, services.clock()));
  if (blocked !== undefined) throw blocked;
  const matches = await passwords.verify(request.password, account?.password_hash);
  if (account === undefined || !matches) {
    const event = {
      tag: 'account:login-refused',
      actor: 'anonymous',
      subject: account?.name ?? 'unknown',
    } as const;
    await database.write((transaction) => recordEvent(transaction, services.clock(), event));
    throw loginRefused();
  }
  await database.write(async (transaction) => {
    for (const { subject, shared } of subjects) {
      await (shared ? refundAttempt : clearAttempts)(transaction, subject);
    }
  });
  return account;
}

/** A name that nobody can have is counted under one that nobody has: it is another's text, of any length. */
function passwordAttempts({ name, address }: PresentedPassword) {
  const counted = isAccountName(name) ? name : '(no name)';
  const sender = senderOf(address);
  return [
    { subject: `address:${sender}`, limit: addressLimit, shared: true },
    { subject: `password-from:${counted}:${sender}`, limit: passwordFromAddressLimit, shared: false },
    { subject: `password:${counted}`, limit: passwordLimit, shared: false },
  ];
}

async function chargeAll(
  transaction: Write,
  subjects: ReturnType<typeof passwordAttempts>,
  now: number,
): Promise<Refusal | undefined> {
  for (const { subject, limit } of subjects) {
    const blocked = await chargeAttempt(transaction, subject, limit, now);
    if (blocked !== undefined) return blocked;
  }
  return undefined;
}

/**
 * Checking a password takes a while, and whoever changed it meanwhile did so to shut somebody out. `account` is as it was
 * when the password was checked. Throws `login_refused`.
 */
export async function refuseOldPassword(transaction: Write, account: Account): Promise<void> {
  const { password_hash } = await getAccount(transaction, account.id);
  if (password_hash !== account.password_hash) throw loginRefused();
}

function loginRefused(): Refusal {
  return new Refusal('login_refused', 'incorrect user name or password');
}
