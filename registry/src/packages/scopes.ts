import type { Selectable } from 'kysely';
import { findAccount, getAccount } from '../accounts/accounts.ts';
import type { Actor } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import { findOrganisation, getOrganisation, memberRole } from '../organisations/organisations.ts';
import type { Read, Write } from '../store/database.ts';
import type { ScopeRow } from '../store/schema-people.ts';
import { scopeOf } from './package-name.ts';

/**
 * `@acme` belongs to one account or one organisation, and only they make new packages in it. A scope that is
 * nobody's yet goes to whoever publishes into it first, unless it bears the name of somebody else.
 */

export type Scope = Selectable<ScopeRow>;

/** Who a scope belongs to, or would. */
export type Holder =
  | { readonly account_id: number; readonly organisation_id: null }
  | { readonly account_id: null; readonly organisation_id: number };

/** How the audit log calls a scope. */
export function scopeSubject(scope: string): string {
  return `scope:${scope}`;
}

export async function findScope(db: Read, scope: string): Promise<Scope | undefined> {
  return await db.selectFrom('scopes').selectAll().where('name', '=', scope).executeTakeFirst();
}

/** Throws `not_owner` when a new package of that name is not this account's to make. */
export async function admitToScope(db: Read, actor: Actor, name: string): Promise<void> {
  const scope = scopeOf(name);
  if (scope !== undefined) await holderFor(db, actor, scope);
}

/** Who a new package in this scope belongs to when `actor` makes it. Throws `not_owner`, `factor_not_enrolled`. */
async function holderFor(db: Read, actor: Actor, scope: string): Promise<Holder> {
  const held = await findScope(db, scope);
  const holder = held === undefined ? await claimantOf(db, actor, scope) : (held as Holder);
  if (holder.organisation_id === null) {
    if (holder.account_id !== actor.accountId) throw notYours(scope);
    return holder;
  }
  if ((await memberRole(db, holder.organisation_id, actor.accountId)) === undefined) throw notYours(scope);
  const organisation = await getOrganisation(db, holder.organisation_id);
  if (organisation.require_2fa === 1 && !(await hasSecondFactor(db, actor.accountId))) {
    throw new Refusal(
      'factor_not_enrolled',
      `the organisation ${organisation.name} requires a second factor, and your account has none: enrol one first`,
    );
  }
  return holder;
}

/**
 * Whose a free scope becomes when `actor` takes it. The name of an account or an organisation is kept for it:
 * `@acme` is what people take for acme's. Throws `not_owner`.
 */
export async function claimantOf(db: Read, actor: Actor, scope: string): Promise<Holder> {
  const name = scope.slice(1);
  const organisation = await findOrganisation(db, name);
  if (organisation !== undefined) {
    if ((await memberRole(db, organisation.id, actor.accountId)) === undefined) throw notYours(scope);
    return { account_id: null, organisation_id: organisation.id };
  }
  const account = await findAccount(db, name);
  if (account !== undefined && account.id !== actor.accountId) throw notYours(scope);
  return { account_id: actor.accountId, organisation_id: null };
}

/**
 * In the transaction that makes a package: takes its scope where it is free, and says whose the package is.
 * `undefined` for a name without a scope.
 */
export async function takeScope(
  transaction: Write,
  actor: Actor,
  name: string,
  now: number,
): Promise<Holder | undefined> {
  const scope = scopeOf(name);
  if (scope === undefined) return undefined;
  const holder = await holderFor(transaction, actor, scope);
  if ((await findScope(transaction, scope)) === undefined) {
    await insertScope(transaction, { scope, holder, actor: actor.name, now });
  }
  return holder;
}

export async function insertScope(
  transaction: Write,
  claim: { readonly scope: string; readonly holder: Holder; readonly actor: string; readonly now: number },
): Promise<void> {
  const { scope, holder, actor, now } = claim;
  await transaction
    .insertInto('scopes')
    .values({ name: scope, ...holder, created_at: now })
    .execute();
  await recordEvent(transaction, now, {
    tag: 'scope:claimed',
    actor,
    subject: scopeSubject(scope),
    details: { holder: await holderText(transaction, holder) },
  });
}

/** `account:alice` or `org:acme`, for the log. */
export async function holderText(db: Read, holder: Holder): Promise<string> {
  const { kind, name } = await describeHolder(db, holder);
  return kind === 'organisation' ? `org:${name}` : `account:${name}`;
}

export async function describeHolder(
  db: Read,
  holder: Holder,
): Promise<{ readonly kind: 'account' | 'organisation'; readonly name: string }> {
  return holder.organisation_id === null
    ? { kind: 'account', name: (await getAccount(db, holder.account_id)).name }
    : { kind: 'organisation', name: (await getOrganisation(db, holder.organisation_id)).name };
}

function notYours(scope: string): Refusal {
  return new Refusal('not_owner', `the scope ${scope} is somebody else's: only they make new packages in it`);
}
