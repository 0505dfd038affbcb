import { hash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { ApprovalRow } from '../store/schema-people.ts';
import { type Act, actText, parseAct } from './act.ts';
import type { Program } from './actor.ts';
import { browserLoginLimit, chargeAttempt } from './attempts.ts';
import { batchLifetime, covers, isBatch, isUsed } from './batch.ts';
import { senderOf } from './tokens/networks.ts';
import { endOneActTokens } from './tokens/one-act.ts';

/**
 * A program asks, a person approves in a browser, the program fetches what it asked for. Two capabilities
 * keep them apart: the page's is for the person, and useless without their session and factor; the poll's is
 * for the program, and useless until the person approved. Both are random, and kept as hashes.
 *
 * For an act, what is fetched is a proof that works once, for exactly this act of this account. For a login
 * it is a token. Either is handed out once.
 */
export interface Capabilities {
  readonly page: string;
  readonly done: string;
}

export type Approval = Selectable<ApprovalRow>;

/** ASVS 5 §6.5.5 and NIST SP 800-63B-4 §3.1.3.2: an out-of-band request lives for at most ten minutes. */
export const approvalLifetime = 10 * 60 * 1_000;

/** Acts of one account that may wait at a time: a stolen token must not fill the database. */
const mostWaiting = 100;

/** Whoever still polls for a request that is over is told so for this long, in milliseconds. */
const keptAfterwards = 60 * 60 * 1_000;

export interface NewApproval {
  readonly kind: 'act' | 'login';
  /** Who asks. Nobody yet, for a login. */
  readonly accountId: number | undefined;
  readonly act: Act;
  readonly program: Program;
}

/** Throws `throttled` for an account of which too many acts wait for an answer. */
export async function createApproval(services: Services, approval: NewApproval): Promise<Capabilities> {
  const capabilities = { page: randomCapability(), done: randomCapability() };
  const now = services.clock();
  await services.database.write(async (transaction) => {
    await forgetOld(transaction, now);
    if (approval.accountId !== undefined) await refuseMany(transaction, approval.accountId, now);
    const row = rowOf(approval, capabilities, now);
    await transaction.insertInto('approvals').values(row).execute();
  });
  return capabilities;
}

function rowOf({ kind, accountId, act, program }: NewApproval, { page, done }: Capabilities, now: number) {
  return {
    kind,
    page_hash: hashCapability(page),
    done_hash: hashCapability(done),
    account_id: accountId ?? null,
    act: actText(act),
    agent: program.agent,
    address: program.address,
    created_at: now,
    expires_at: now + approvalLifetime,
  };
}

async function refuseMany(transaction: Write, accountId: number, now: number): Promise<void> {
  const { waiting, firstEnd } = await transaction
    .selectFrom('approvals')
    .select(({ fn }) => [fn.countAll<number>().as('waiting'), fn.min('expires_at').as('firstEnd')])
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .where('approved_at', 'is', null)
    .where('denied_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (waiting < mostWaiting) return;
  const wait = Math.ceil((firstEnd - now) / 1_000);
  const text = `${waiting} requests of this account wait for an answer in a browser: pass a code, or try again in ${wait} seconds`;
  throw new Refusal('throttled', text, { retryAfter: wait });
}

/** Nothing refers to what has long been over, and whoever asks for many must not fill the database. */
async function forgetOld(transaction: Write, now: number): Promise<void> {
  const before = now - keptAfterwards;
  const old = transaction.selectFrom('approvals').select('id').where('expires_at', '<=', before);
  await transaction.deleteFrom('approval_uses').where('approval_id', 'in', old).execute();
  await transaction.deleteFrom('approvals').where('expires_at', '<=', before).execute();
}

/**
 * A batch whose person proved who they are in the request itself: approved and fetched from the start, by nobody
 * through a page. The answer is the only time its proof exists outside its owner's hands.
 */
export async function createGrantedApproval(
  transaction: Write,
  granted: Pick<NewApproval, 'act' | 'program'> & { readonly accountId: number; readonly factor: string },
  now: number,
): Promise<{ readonly proof: string; readonly expiresAt: number }> {
  await forgetOld(transaction, now);
  const proof = randomBytes(32).toString('hex');
  const expiresAt = now + batchLifetime;
  const nobody = { page: randomCapability(), done: randomCapability() };
  await transaction
    .insertInto('approvals')
    .values({
      ...rowOf({ ...granted, kind: 'act' }, nobody, now),
      expires_at: expiresAt,
      approved_at: now,
      approved_with: granted.factor,
      delivered_at: now,
      proof_hash: hashCapability(proof),
    })
    .execute();
  return { proof, expiresAt };
}

/**
 * Begins a login in a browser for a program that nobody is logged in with yet. Throws `throttled` for an address
 * that asks for many: a request costs its sender nothing and the registry a row.
 */
export async function createLoginApproval(services: Services, program: Program): Promise<Capabilities> {
  const subject = `browser-login:${senderOf(program.address)}`;
  const blocked = await services.database.write((transaction) =>
    chargeAttempt(transaction, subject, browserLoginLimit, services.clock()),
  );
  if (blocked !== undefined) throw blocked;
  const act = { action: 'login', subject: '', details: {} };
  return await createApproval(services, { kind: 'login', accountId: undefined, act, program });
}

/** The request behind a page, while there is something to decide. */
export async function findOpenApproval(db: Read, page: string, now: number): Promise<Approval | undefined> {
  return await db
    .selectFrom('approvals')
    .selectAll()
    .where('page_hash', '=', hashCapability(page))
    .where('expires_at', '>', now)
    .where('approved_at', 'is', null)
    .where('denied_at', 'is', null)
    .executeTakeFirst();
}

/** Decides a request, once. `accountId` is the person's own: an act is approved by the account that asked for it. */
export async function approve(
  transaction: Write,
  approval: Approval,
  by: { readonly accountId: number; readonly factor: string },
  now: number,
): Promise<boolean> {
  if (approval.account_id !== null && approval.account_id !== by.accountId) return false;
  return await decide(transaction, approval.id, now, {
    approved_at: now,
    approved_with: by.factor,
    account_id: by.accountId,
    ...(approval.kind === 'act' && isBatch(parseAct(approval.act)) && { expires_at: now + batchLifetime }),
  });
}

export async function deny(transaction: Write, approval: Approval, now: number): Promise<boolean> {
  return await decide(transaction, approval.id, now, { denied_at: now });
}

async function decide(
  transaction: Write,
  id: number,
  now: number,
  decision: Partial<Approval>,
): Promise<boolean> {
  const result = await transaction
    .updateTable('approvals')
    .set(decision)
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .where('approved_at', 'is', null)
    .where('denied_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** 64 hex digits: what npm's prompt takes besides digits, so that a proof can be pasted as well. */
export function isApprovalProof(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The approved request behind a proof, for exactly this act of this account, or for a batch that lists it. */
export async function findGrantedApproval(
  db: Read,
  granted: { readonly proof: string; readonly accountId: number; readonly act: Act; readonly now: number },
): Promise<Approval | undefined> {
  const approval = await db
    .selectFrom('approvals')
    .selectAll()
    .where('proof_hash', '=', hashCapability(granted.proof))
    .where('kind', '=', 'act')
    .where('account_id', '=', granted.accountId)
    .where('approved_at', 'is not', null)
    .where('used_at', 'is', null)
    .where('expires_at', '>', granted.now)
    .executeTakeFirst();
  if (approval === undefined || !covers(parseAct(approval.act), granted.act)) return undefined;
  return (await isUsed(db, approval.id, granted.act)) ? undefined : approval;
}

/** False when it was used before or ended, meanwhile too: a long upload may outlive a password change. */
export async function consumeApproval(transaction: Write, id: number, now: number): Promise<boolean> {
  const result = await transaction
    .updateTable('approvals')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends what an account was asked or approved and nobody used yet: whoever did it may be the one who is shut out. */
export async function endApprovals(transaction: Write, accountId: number, now: number): Promise<void> {
  await transaction
    .updateTable('approvals')
    .set({ expires_at: now })
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .execute();
  await endOneActTokens(transaction, accountId, now);
}

/** 256 bits, fit for a URL. */
function randomCapability(): string {
  return randomBytes(32).toString('base64url');
}

/** A capability or a proof, as it is kept. */
export function hashCapability(secret: string): string {
  return hash('sha256', secret);
}
