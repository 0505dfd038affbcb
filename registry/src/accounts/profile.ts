import { recordEvent } from '../audit/log.ts';
import type { Services } from '../services.ts';
import { getAccount, parseEmail } from './accounts.ts';
import type { Actor, Requester } from './actor.ts';
import { changeAccount } from './change-account.ts';
import { checkNewPassword } from './passwords.ts';
import { type Demand, demandProof, settleProof } from './second-factor/demand.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
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

/** Changes a profile. The address and the password are how an account is got back, so they take a code. */
export async function changeProfile(
  services: Services,
  requester: Requester,
  change: ProfileChange,
): Promise<void> {
  await changeAccount(services, requester.actor, () => attemptChange(services, requester, change));
}

async function attemptChange(services: Services, requester: Requester, change: ProfileChange): Promise<void> {
  const { actor } = requester;
  const account = await getAccount(services.database.read, actor.accountId);
  const email =
    change.email === undefined || change.email === account.email ? undefined : parseEmail(change.email);
  const sensitive = email !== undefined || change.newPassword !== undefined;
  const demand = demandFor(actor, { email, password: change.newPassword });
  const proof = sensitive ? await demandProof(services, requester, demand) : undefined;
  const password_hash = await hashNewPassword(services, actor.accountId, change.newPassword);
  await services.database.write(async (transaction) => {
    const now = services.clock();
    if (sensitive) await settleProof(transaction, { actor, demand, proof, now });
    const current = await getAccount(transaction, actor.accountId);
    const profile = JSON.stringify({ ...JSON.parse(current.profile), ...change.fields });
    await transaction
      .updateTable('accounts')
      .set({ profile, updated_at: now, ...(email && { email }), ...(password_hash && { password_hash }) })
      .where('id', '=', actor.accountId)
      .execute();
    const event = { actor: actor.name, subject: actor.name } as const;
    await recordEvent(transaction, now, {
      ...event,
      tag: 'account:profile-changed',
      details: { email: email !== undefined },
    });
    if (password_hash === undefined) return;
    await revokeOtherTokens(transaction, actor.accountId, now, keptToken(actor));
    await recordEvent(transaction, now, { ...event, tag: 'account:password-changed' });
  });
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
  accountId: number,
  password: string | undefined,
): Promise<string | undefined> {
  if (password === undefined) return undefined;
  checkNewPassword(password, { secondFactor: await hasSecondFactor(services.database.read, accountId) });
  return await services.passwords.hash(password);
}
