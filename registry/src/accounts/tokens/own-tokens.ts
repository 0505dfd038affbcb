import { createHash } from 'node:crypto';
import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Read, Write } from '../../store/database.ts';
import type { Actor } from '../actor.ts';
import { changeAccount } from '../change-account.ts';
import { refuseEnded } from '../second-factor/demand.ts';
import { hashToken, isWellFormedToken, revokeToken } from '../tokens.ts';
import { limitsIn, refuseBeyondLimits } from './limits.ts';
import type { TokenLimits } from './scopes.ts';

/** The tokens of one account, as its owner sees them. Nothing here can be used to act. */
export interface TokenSummary {
  /** Names the token; 32 hex digits. Made from the hash that is kept, and no way back to it. */
  readonly key: string;
  /** How the token begins; empty for one that is older than these. */
  readonly hint: string;
  readonly name: string;
  readonly description: string | undefined;
  /** Nothing for the token of a login, which may do all that its account may. */
  readonly limits: TokenLimits | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** To the hour. */
  readonly lastUsedAt: number | undefined;
  readonly lastUsedAddress: string | undefined;
  /** In its table, for `Credential.id`. */
  readonly id: number;
}

/** The tokens that work, the newest first. */
export async function listTokens(db: Read, accountId: number, now: number): Promise<TokenSummary[]> {
  const rows = await selectTokens(db)
    .where('account_id', '=', accountId)
    // One that is good for one act is over before anybody looks.
    .where('act', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('id', 'desc')
    .execute();
  return rows.map(summaryOf);
}

/** The token whose text this is. */
export async function describeToken(db: Read, token: string): Promise<TokenSummary> {
  return summaryOf(await selectTokens(db).where('hash', '=', hashToken(token)).executeTakeFirstOrThrow());
}

/**
 * Revokes a token of the actor's own account, by its key, the beginning of it, or its whole text. Another
 * account's token is not there, whoever knows its key. It takes no second factor: to stop a token must always
 * be easy, and can only take power away.
 */
export async function revokeOwnToken(services: Services, actor: Actor, which: string): Promise<TokenSummary> {
  return await changeAccount(services, actor, () =>
    services.database.write(async (transaction) => {
      const now = services.clock();
      refuseBeyondLimits(actor, [], undefined);
      await refuseEnded(transaction, actor, now);
      const found = await findOwnToken(transaction, actor, which, now);
      await revokeToken(transaction, found.id, now);
      const details = { key: found.key, token: found.name };
      const event = { tag: 'token:revoked', actor: actor.name, subject: actor.name, details } as const;
      await recordEvent(transaction, now, event);
      return found;
    }),
  );
}

/** npm shows six digits of a key and takes them back. */
const shortestPrefix = 6;

async function findOwnToken(
  transaction: Write,
  { accountId }: Actor,
  which: string,
  now: number,
): Promise<TokenSummary> {
  const key = isWellFormedToken(which) ? keyOf(hashToken(which)) : which;
  const own = await listTokens(transaction, accountId, now);
  const matches = key.length < shortestPrefix ? [] : own.filter((token) => token.key.startsWith(key));
  const [found] = matches;
  if (found === undefined) throw new Refusal('not_found', 'there is no such token');
  if (matches.length > 1)
    throw new Refusal('conflict', 'more than one token begins like that: give more of the key');
  return found;
}

function selectTokens(db: Read) {
  return db
    .selectFrom('tokens')
    .select(['id', 'hash', 'hint', 'label', 'description', 'scopes', 'packages', 'cidr'])
    .select(['created_at', 'expires_at', 'last_used_at', 'last_used_address']);
}

function summaryOf(
  row: Awaited<ReturnType<ReturnType<typeof selectTokens>['execute']>>[number],
): TokenSummary {
  return {
    id: row.id,
    key: keyOf(row.hash),
    hint: row.hint ?? '',
    name: row.label,
    description: row.description ?? undefined,
    limits: limitsIn(row),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
  };
}

/** 128 bits: no two tokens share it, and npm's lists stay readable. */
function keyOf(hash: string): string {
  return createHash('sha256').update(`key ${hash}`).digest('hex').slice(0, 32);
}
