import type { Selectable } from 'kysely';
import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { AccountRow } from '../store/schema.ts';
import { parseAccountName } from './account-name.ts';
import type { Program } from './actor.ts';
import { askToConfirm } from './ask-to-confirm.ts';
import { chargeAttempt, registrationLimit } from './attempts.ts';
import { isNameTaken } from './names.ts';
import { checkNewPassword } from './passwords.ts';
import { senderOf } from './tokens/networks.ts';

export type Account = Selectable<AccountRow>;

export async function findAccount(db: Read, name: string): Promise<Account | undefined> {
  return await db.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirst();
}

/** For somebody who names an account to do something about it. Throws `not_found`. */
export async function getNamedAccount(db: Read, name: string): Promise<Account> {
  const account = await findAccount(db, name);
  if (account === undefined) throw new Refusal('not_found', 'there is no user of that name here');
  return account;
}

export async function getAccount(db: Read, id: number): Promise<Account> {
  return await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

export interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly email: string | undefined;
  /** Who makes it: `operator`, or the program and the address of somebody who registers. */
  readonly by: { readonly kind: 'operator' } | ({ readonly kind: 'registration' } & Program);
}

/** Creates an account. Throws `bad_request` for a bad name, e-mail or password, `conflict` for a taken name. */
export async function createAccount(services: Services, account: NewAccount): Promise<number> {
  const name = parseAccountName(account.name);
  const email = account.email === undefined ? undefined : parseEmail(account.email);
  checkNewPassword(account.password, {
    secondFactor: false,
    words: [name, email, services.settings.issuer],
  });
  const password_hash = await services.passwords.hash(account.password);
  const outcome = await services.database.write(async (transaction): Promise<number | Refusal> => {
    const now = services.clock();
    const blocked = await chargeRegistration(transaction, account, now);
    if (blocked !== undefined) return blocked;
    if (await isNameTaken(transaction, name, undefined)) {
      return new Refusal('conflict', `the account name ${name} is taken`);
    }
    const { id } = await transaction
      .insertInto('accounts')
      .values({ name, email: email ?? null, password_hash, profile: '{}', created_at: now, updated_at: now })
      .returning('id')
      .executeTakeFirstOrThrow();
    const actor = account.by.kind === 'operator' ? 'operator' : name;
    await recordEvent(transaction, now, { tag: 'account:created', actor, subject: name });
    if (email !== undefined) {
      const program = account.by.kind === 'operator' ? undefined : account.by;
      await askToConfirm(transaction, now, { account: { id, name, email }, email, program });
    }
    return id;
  });
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

async function chargeRegistration(
  transaction: Write,
  { by }: NewAccount,
  now: number,
): Promise<Refusal | undefined> {
  if (by.kind === 'operator') return undefined;
  return await chargeAttempt(transaction, `register:${senderOf(by.address)}`, registrationLimit, now);
}

/**
 * The shape only: whether somebody reads it is for a message to find out. RFC 5321 §4.5.3.1.3 bounds it. No
 * control characters: addresses are printed in terminals.
 */
export function parseEmail(text: string): string {
  const isAddress = text.length <= 254 && /^[^\s\p{C}@<>"',;:\\]+@[^\s\p{C}@<>"',;:\\]+$/u.test(text);
  if (!isAddress) throw new Refusal('bad_request', 'the e-mail address is not one');
  return text;
}
