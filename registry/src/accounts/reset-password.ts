import { sql } from 'kysely';
import { recordEvent } from '../audit/log.ts';
import { enqueueMail, fromProgram, mailAccount } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { isAccountName } from './account-name.ts';
import { type Account, getAccount } from './accounts.ts';
import type { Program } from './actor.ts';
import { endApprovals } from './approvals.ts';
import { chargeAttempt, clearAttempts, resetFromAddressLimit, resetLimit } from './attempts.ts';
import { linkOver } from './email-address.ts';
import { consumeMailLink, createMailLink, endMailLinks, findMailLink, type MailLink } from './mail-links.ts';
import { finishAuthentication } from './passkeys/authenticate.ts';
import { checkNewPassword } from './passwords.ts';
import { codeRequired } from './second-factor/demand.ts';
import { findFactors } from './second-factor/factors.ts';
import { checkCode, consumeProof, type Proof } from './second-factor/proof.ts';
import { endOtherSessions } from './sessions.ts';
import { senderOf } from './tokens/networks.ts';
import { revokeOtherTokens } from './tokens.ts';

/**
 * A forgotten password. A link goes to the address of the account, and the page behind it takes a new password
 * together with the second factor: a mailbox is worth as much as a password and not more (ASVS 5 §6.4.3).
 */

/** An address that several accounts share gets a link for each, up to so many. */
const mostAccounts = 5;

/**
 * Asks for a link, by the name or the address of an account. Says nothing about whether there is one: the same
 * answer, after one transaction in any case, and the mail is sent by somebody else later. Only an address that was
 * confirmed gets one, for another one may be a stranger's. Throws `throttled`, for the caller's own requests.
 */
export async function askForReset(services: Services, who: string, program: Program): Promise<void> {
  const refused = await services.database.write(async (transaction) => {
    const now = services.clock();
    const subject = `reset-from:${senderOf(program.address)}`;
    const blocked = await chargeAttempt(transaction, subject, resetFromAddressLimit, now);
    if (blocked !== undefined) return blocked;
    const accounts = await findAccounts(transaction, who);
    for (const account of accounts) await sendLink(transaction, { account, program, now });
    // Somebody who is not there is charged as well: it takes as long.
    if (accounts.length === 0) await chargeAttempt(transaction, 'reset:nobody', resetLimit, now);
    return undefined;
  });
  if (refused !== undefined) throw refused;
}

async function findAccounts(db: Read, who: string): Promise<Account[]> {
  if (who.length > 254) return [];
  const query = db.selectFrom('accounts').selectAll().where('email_verified_at', 'is not', null);
  const found = isAccountName(who)
    ? query.where('name', '=', who)
    : query.where(sql<string>`lower(email)`, '=', sql<string>`lower(${who})`);
  return await found.orderBy('id').limit(mostAccounts).execute();
}

interface Asked {
  readonly account: Account;
  readonly program: Program;
  readonly now: number;
}

/** The mail goes to the address as the account has it, and not as it was typed. */
async function sendLink(transaction: Write, { account, program, now }: Asked): Promise<void> {
  const { id, name, email } = account;
  const blocked = await chargeAttempt(transaction, `reset:${id}`, resetLimit, now);
  if (blocked !== undefined || email === null) return;
  const secret = await createMailLink(transaction, { accountId: id, purpose: 'reset', email, now });
  const values = { account: name, ...fromProgram(program), secret };
  await enqueueMail(transaction, now, { to: email, template: 'password-reset', values });
  await recordEvent(transaction, now, {
    tag: 'account:password-reset-asked',
    actor: 'anonymous',
    subject: name,
  });
}

export interface ResetLink {
  readonly accountId: number;
  readonly account: string;
  /** Which factors may be asked for. Without any, the link alone is enough. */
  readonly totp: boolean;
  readonly passkeys: boolean;
  /** What a passkey's answer is bound to. */
  readonly context: string;
}

/** What a link is for. Throws `not_found`. */
export async function describeReset(services: Services, secret: string): Promise<ResetLink> {
  const db = services.database.read;
  const { link, account } = await getLink(db, secret, services.clock());
  const factors = await findFactors(db, account.id);
  return {
    accountId: account.id,
    account: account.name,
    totp: factors.totp !== undefined,
    passkeys: factors.passkeys > 0,
    context: contextOf(link),
  };
}

export interface Reset {
  readonly secret: string;
  readonly password: string;
  /** One of them, where the account has a second factor. A recovery code logs in, and does nothing else. */
  readonly code: string | undefined;
  readonly passkey: unknown;
  readonly receivedAt: number;
  readonly program: Program;
}

type ResetProof = Proof | { readonly kind: 'passkey'; readonly factor: 'passkey' };

/** Sets a new password, and ends every session and token. Throws `not_found`, `otp_required`, `otp_refused`. */
export async function resetPassword(services: Services, reset: Reset): Promise<void> {
  const { link, account } = await getLink(services.database.read, reset.secret, services.clock());
  const { mode } = await findFactors(services.database.read, account.id);
  checkNewPassword(reset.password, {
    secondFactor: mode !== undefined,
    words: [account.name, account.email, services.settings.issuer],
  });
  const proof = mode === undefined ? undefined : await checkFactor(services, reset, account, link);
  const password_hash = await services.passwords.hash(reset.password);
  await services.database.write(async (transaction) => {
    const now = services.clock();
    const current = await getLink(transaction, reset.secret, now);
    await settle(transaction, { account: current.account, proof, now });
    if (!(await consumeMailLink(transaction, current.link, now))) throw linkOver();
    const verified = { email_verified_at: now };
    await transaction
      .updateTable('accounts')
      .set({ password_hash, updated_at: now, ...verified })
      .where('id', '=', account.id)
      .execute();
    await shutOut(transaction, account.id, now);
    const event = { tag: 'account:password-reset', actor: account.name, subject: account.name } as const;
    await recordEvent(transaction, now, { ...event, details: { factor: proof?.factor ?? null } });
    await mailAccount(transaction, now, account.id, {
      template: 'password-changed',
      values: {
        approvedWith: ['a link in a mail', ...(proof ? [proof.factor] : [])].join(' and '),
        ...fromProgram(reset.program),
      },
    });
  });
}

async function checkFactor(
  services: Services,
  reset: Reset,
  account: Account,
  link: MailLink,
): Promise<ResetProof> {
  const { code, passkey, receivedAt } = reset;
  if (passkey !== undefined) {
    const asked = { purpose: 'second-factor', accountId: account.id, context: contextOf(link) } as const;
    await finishAuthentication(services, { ...asked, response: passkey });
    return { kind: 'passkey', factor: 'passkey' };
  }
  if (code === undefined) throw codeRequired('this account has a second factor');
  const act = { action: 'password:reset', subject: account.name, details: {} };
  return await checkCode(services, {
    accountId: account.id,
    accountName: account.name,
    code,
    receivedAt,
    act,
  });
}

/** A factor that was enrolled since counts. */
async function settle(
  transaction: Write,
  { account, proof, now }: { account: Account; proof: ResetProof | undefined; now: number },
): Promise<void> {
  if (proof === undefined) {
    const { mode } = await findFactors(transaction, account.id);
    if (mode !== undefined) throw codeRequired('this account has a second factor');
  } else if (proof.kind !== 'passkey') {
    await consumeProof(transaction, proof, now);
  }
}

/** Whoever knew the old password, and whatever they left behind. */
async function shutOut(transaction: Write, accountId: number, now: number): Promise<void> {
  await revokeOtherTokens(transaction, accountId, now);
  await endOtherSessions(transaction, { accountId, now });
  await endMailLinks(transaction, { accountId, now });
  await endApprovals(transaction, accountId, now);
  await clearAttempts(transaction, `reset:${accountId}`);
}

/** The link and its account, where the address is still the account's. */
async function getLink(
  db: Read,
  secret: string,
  now: number,
): Promise<{ readonly link: MailLink; readonly account: Account }> {
  const link = await findMailLink(db, { secret, purpose: 'reset', now });
  if (link === undefined) throw linkOver();
  const account = await getAccount(db, link.account_id);
  if (account.email !== link.email) throw linkOver();
  return { link, account };
}

function contextOf(link: MailLink): string {
  return `reset:${link.hash}`;
}
