import { createHash } from 'node:crypto';
import type { AuthenticatorTransport } from '@simplewebauthn/server';
import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Read, Write } from '../../store/database.ts';
import type { Account } from '../accounts.ts';
import type { Actor, Requester } from '../actor.ts';
import { changeAccount } from '../change-account.ts';
import { checkNewPassword } from '../passwords.ts';
import { type Demand, demandProof, settleProof } from '../second-factor/demand.ts';
import { findFactors } from '../second-factor/factors.ts';
import { refuseWhereRequired } from '../second-factor/requirements.ts';

/** A passkey as its person sees it in a list. */
export interface PasskeySummary {
  readonly id: string;
  readonly name: string;
  /** Kept in an account of the person's platform, and so on more than one device. */
  readonly synced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Oldest first. */
export async function listPasskeys(db: Read, accountId: number): Promise<PasskeySummary[]> {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    synced: row.backed_up === 1,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}

/** What a browser is told of them, to find the right one. */
export async function describePasskeys(
  db: Read,
  accountId: number,
): Promise<{ id: string; transports: AuthenticatorTransport[] }[]> {
  const rows = await db
    .selectFrom('passkeys')
    .select(['id', 'transports'])
    .where('account_id', '=', accountId)
    .execute();
  return rows.map(({ id, transports }) => ({ id, transports: JSON.parse(transports) }));
}

/**
 * What an authenticator keeps to tell accounts apart. It says nothing of the person, and two registries on
 * `localhost` do not overwrite each other's passkeys: WebAuthn Level 3 §14.6.1.
 */
export function userHandle({ id, name, created_at }: Account): string {
  return createHash('sha256')
    .update(JSON.stringify(['pub passkey', id, name, created_at]))
    .digest('base64url');
}

const longestName = 60;

/** Throws `bad_request`. */
export function parsePasskeyName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > longestName || /\p{C}/u.test(name)) {
    throw new Refusal('bad_request', `a passkey's name has 1 to ${longestName} printable characters`);
  }
  return name;
}

/** Names a passkey anew. Throws `not_found` for one that is not the actor's. */
export async function renamePasskey(
  services: Services,
  requester: Requester,
  passkey: { readonly id: string; readonly name: string },
): Promise<void> {
  const name = parsePasskeyName(passkey.name);
  const demand = demandFor(requester.actor, 'factor:rename-passkey', passkey.id);
  await changePasskey(services, requester, demand, async (transaction, now) => {
    await getOwnPasskey(transaction, requester.actor, passkey.id);
    await transaction.updateTable('passkeys').set({ name }).where('id', '=', passkey.id).execute();
    const event = { tag: 'factor:passkey-renamed', details: { name } } as const;
    await recordEvent(transaction, now, { ...event, ...self(requester.actor) });
  });
}

/**
 * Removes a passkey. Where it is the last factor, the password must be one that can stand alone, and no package
 * of the account may require a factor of its owners; then the recovery codes go too.
 */
export async function removePasskey(
  services: Services,
  requester: Requester,
  passkey: { readonly id: string; readonly password: string | undefined },
): Promise<void> {
  const { actor } = requester;
  const demand = demandFor(actor, 'factor:remove-passkey', passkey.id);
  await changePasskey(services, requester, demand, async (transaction, now) => {
    const { name } = await getOwnPasskey(transaction, actor, passkey.id);
    await transaction.deleteFrom('passkeys').where('id', '=', passkey.id).execute();
    const { mode } = await findFactors(transaction, actor.accountId);
    if (mode === undefined) {
      await refuseWhereRequired(transaction, actor.accountId);
      checkNewPassword(passkey.password ?? '', { secondFactor: false });
      await transaction.deleteFrom('recovery_codes').where('account_id', '=', actor.accountId).execute();
    }
    const event = { tag: 'factor:passkey-removed', details: { name, last: mode === undefined } } as const;
    await recordEvent(transaction, now, { ...event, ...self(actor) });
    const values = { factor: `passkey "${name}"`, ...fromProgram(requester.program) };
    await mailAccount(transaction, now, actor.accountId, { template: 'factor-removed', values });
  });
}

async function changePasskey(
  services: Services,
  requester: Requester,
  demand: Demand,
  change: (transaction: Write, now: number) => Promise<void>,
): Promise<void> {
  const { actor } = requester;
  await changeAccount(services, actor, async () => {
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      await settleProof(transaction, { actor, demand, proof, now });
      await change(transaction, now);
    });
  });
}

function demandFor(actor: Actor, action: string, passkey: string): Demand {
  const act = { action, subject: actor.name, details: { passkey } };
  return { kind: 'governance', why: 'changing a passkey needs it', act };
}

/** Another account's is as unknown as one that was never there. */
async function getOwnPasskey(db: Read, actor: Actor, id: string) {
  const row = await db
    .selectFrom('passkeys')
    .select('name')
    .where('id', '=', id)
    .where('account_id', '=', actor.accountId)
    .executeTakeFirst();
  if (row === undefined) throw new Refusal('not_found', 'there is no such passkey');
  return row;
}

function self({ name }: Actor): { actor: string; subject: string } {
  return { actor: name, subject: name };
}
