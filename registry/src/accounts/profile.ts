import { recordEvent } from '../audit/log.ts';
import { fromProgram, mailAccount } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import { type Account, getAccount, parseEmail } from './accounts.ts';
import type { Actor, Requester } from './actor.ts';
import { endApprovals } from './approvals.ts';
import { askToConfirm, chargeConfirmation } from './ask-to-confirm.ts';
import { changeAccount } from './change-account.ts';
import { endMailLinks } from './mail-links.ts';
import { checkNewPassword } from './passwords.ts';
import { type Demand, demandProof, settleProof } from './second-factor/demand.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import type { Proof } from './second-factor/proof.ts';
import { endOtherSessions } from './sessions.ts';
import { keptToken, revokeOtherTokens } from './tokens.ts';

/** What a person says of themselves. Shown to themselves only. */
export const profileFields = ['fullname', 'homepage', 'github'] as const;
export type ProfileField = (typeof profileFields)[number];

export interface ProfileChange {
  readonly email?: string | undefined;
  readonly fields: Readonly<Partial<Record<ProfileField, string | null>>>;
  /** The old one was checked by the caller. */
  readonly newPassword?: string | undefined;
}

export interface ProfileOutcome {
  /** A new address, which counts once it was confirmed. */
  readonly confirmationSentTo: string | undefined;
}

/**
 * Changes a profile. The address and the password are how an account is got back, so they take a code. A new
 * address counts once it was confirmed; see `email-address.ts`.
 */
export async function changeProfile(
  services: Services,
  requester: Requester,
  change: ProfileChange,
): Promise<ProfileOutcome> {
  return await changeAccount(services, requester.actor, () => attemptChange(services, requester, change));
}

async function attemptChange(
  services: Services,
  requester: Requester,
  change: ProfileChange,
): Promise<ProfileOutcome> {
  const { actor, program } = requester;
  const account = await getAccount(services.database.read, actor.accountId);
  const email =
    change.email === undefined || change.email === account.email ? undefined : parseEmail(change.email);
  const sensitive = email !== undefined || change.newPassword !== undefined;
  const demand = demandFor(actor, { email, password: change.newPassword });
  const proof = sensitive ? await demandProof(services, requester, demand) : undefined;
  const password_hash = await hashNewPassword(services, account, change.newPassword);
  const refused = await services.database.write(async (transaction) => {
    const now = services.clock();
    if (sensitive) await settleProof(transaction, { actor, demand, proof, now });
    const blocked = email && (await chargeConfirmation(transaction, actor.accountId, now));
    if (blocked) return blocked;
    const current = await getAccount(transaction, actor.accountId);
    const profile = JSON.stringify({ ...JSON.parse(current.profile), ...change.fields });
    await transaction
      .updateTable('accounts')
      .set({ profile, updated_at: now, ...(password_hash && { password_hash }) })
      .where('id', '=', actor.accountId)
      .execute();
    const event = { actor: actor.name, subject: actor.name } as const;
    await recordEvent(transaction, now, { ...event, tag: 'account:profile-changed' });
    // Before the links end: a password is changed to shut somebody out, whose new address must not stay asked for.
    if (password_hash !== undefined) await endOtherLogins(transaction, now, requester, proof);
    if (email === undefined) return undefined;
    await recordEvent(transaction, now, { ...event, tag: 'account:email-change-asked' });
    await askToConfirm(transaction, now, { account: current, email, program });
    return undefined;
  });
  if (refused !== undefined) throw refused;
  return { confirmationSentTo: email };
}

/** Whoever knew the old password, and whatever they left behind, but not the login that asks. */
async function endOtherLogins(
  transaction: Write,
  now: number,
  { actor, program }: Requester,
  proof: Proof | undefined,
): Promise<void> {
  const { accountId, name, credential } = actor;
  await revokeOtherTokens(transaction, accountId, now, keptToken(actor));
  const kept = credential.kind === 'session' ? { kept: credential.id } : {};
  await endOtherSessions(transaction, { accountId, now, ...kept });
  await endMailLinks(transaction, { accountId, now });
  await endApprovals(transaction, accountId, now);
  await recordEvent(transaction, now, { tag: 'account:password-changed', actor: name, subject: name });
  const values = { ...(proof && { approvedWith: proof.factor }), ...fromProgram(program) };
  await mailAccount(transaction, now, accountId, { template: 'password-changed', values });
}

/** A new password is named, not told: what is asked for is shown on a page and kept in the log. */
function demandFor(
  actor: Actor,
  change: { email: string | undefined; password: string | undefined },
): Demand {
  const details = {
    ...(change.email && { email: change.email }),
    ...(change.password && { password: 'a new one' }),
  };
  const act = { action: 'account:change', subject: actor.name, details };
  return { kind: 'governance', why: 'changing the password or the e-mail address needs it', act };
}

async function hashNewPassword(
  services: Services,
  { id, name, email }: Account,
  password: string | undefined,
): Promise<string | undefined> {
  if (password === undefined) return undefined;
  checkNewPassword(password, {
    secondFactor: await hasSecondFactor(services.database.read, id),
    words: [name, email, services.settings.issuer],
  });
  return await services.passwords.hash(password);
}
