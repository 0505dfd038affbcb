import { randomBytes } from 'node:crypto';
import { recordEvent } from '../audit/log.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { getAccount } from './accounts.ts';
import { type Approval, hashCapability } from './approvals.ts';
import { noteAddress } from './known-addresses.ts';
import { plainAddress } from './tokens/networks.ts';
import { createToken } from './tokens.ts';

/** How a program fetches, once, what a person approved for it. */

export type Collected =
  | { readonly state: 'pending' }
  /** A proof for the act, or a token for the login. */
  | { readonly state: 'granted'; readonly secret: string }
  /** Denied, expired, fetched before, or never there: the poll is not told which. */
  | { readonly state: 'gone' };

/** What the program gets when it polls. */
export async function collect(services: Services, done: string): Promise<Collected> {
  const pending = await findUncollected(services.database.read, done, services.clock());
  if (pending === undefined) return { state: 'gone' };
  if (pending.approved_at === null) return { state: 'pending' };
  return await services.database.write(async (transaction): Promise<Collected> => {
    const now = services.clock();
    const approval = await findUncollected(transaction, done, now);
    if (approval?.account_id == null || approval.approved_at === null) return { state: 'gone' };
    const proof = approval.kind === 'act' ? randomBytes(32).toString('hex') : undefined;
    const result = await transaction
      .updateTable('approvals')
      .set({ delivered_at: now, proof_hash: proof === undefined ? null : hashCapability(proof) })
      .where('id', '=', approval.id)
      .where('delivered_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows !== 1n) return { state: 'gone' };
    return { state: 'granted', secret: proof ?? (await tokenFor(services, transaction, approval, now)) };
  });
}

/** Whether what is gone was a login that somebody denied, or that nobody approved in time. */
export async function isRefusedLogin(db: Read, done: string): Promise<boolean> {
  const login = await db
    .selectFrom('approvals')
    .select('id')
    .where('done_hash', '=', hashCapability(done))
    .where('kind', '=', 'login')
    .where('delivered_at', 'is', null)
    .executeTakeFirst();
  return login !== undefined;
}

async function tokenFor(
  services: Services,
  transaction: Write,
  approval: Approval,
  now: number,
): Promise<string> {
  const lifetime = services.settings.loginTokenLifetime;
  const accountId = approval.account_id as number;
  const { name } = await getAccount(transaction, accountId);
  const details = { factor: approval.approved_with, by: 'approval' };
  await recordEvent(transaction, now, { tag: 'account:login', actor: name, subject: name, details });
  const sighting = { accountId, name, address: plainAddress(approval.address) };
  await noteAddress(transaction, now, { ...sighting, token: approval.agent, program: approval.agent });
  return await createToken(transaction, {
    accountId,
    label: approval.agent,
    now,
    lifetime,
  });
}

async function findUncollected(db: Read, done: string, now: number): Promise<Approval | undefined> {
  return await db
    .selectFrom('approvals')
    .selectAll()
    .where('done_hash', '=', hashCapability(done))
    .where('expires_at', '>', now)
    .where('denied_at', 'is', null)
    .where('delivered_at', 'is', null)
    .executeTakeFirst();
}
