import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ExpressionBuilder } from 'kysely';
import { atOnce, type Soon } from '../at-once.ts';
import type { Database, Read, Write } from '../store/database.ts';
import type { Look } from '../store/recall.ts';
import type { Schema } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { type Act, actText, parseAct } from './act.ts';
import type { Actor } from './actor.ts';
import type { ProofFactor } from './second-factor/proof-factor.ts';
import { limitsIn } from './tokens/limits.ts';
import type { OneAct } from './tokens/scopes.ts';
import type { TokenSettings } from './tokens/settings.ts';

/**
 * A token is `pub_`, 36 random letters and digits (214 bits) and a checksum of 6, so that a scanner can tell
 * a leaked token from a look-alike without asking anybody. Only its SHA-256 is kept: with that much
 * randomness there is nothing to guess, and looking a hash up is comparing without a timing to learn from.
 */
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'pub_';
const randomLength = 36;
const checksumLength = 6;
/** Four of the 36 random characters are kept: 190 bits stay unknown. */
const hintLength = prefix.length + 4;
const pattern = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`);

export interface NewToken {
  readonly accountId: number;
  /** What the person sees in a list: "npm login", "pub login". */
  readonly label: string;
  readonly now: number;
  /** Milliseconds. */
  readonly lifetime: number;
  /** What it may be used for; nothing for all that its account may do. */
  readonly limits?: Pick<TokenSettings, 'description' | 'scopes' | 'packages' | 'networks'>;
  /** The one act it is good for, and the token that made it. */
  readonly once?: {
    readonly act: Act;
    readonly factor: ProofFactor | null;
    readonly parentId: number;
  };
}

/** Makes a token. The answer is the only time it exists outside its owner's hands. */
export async function createToken(transaction: Write, token: NewToken): Promise<string> {
  const text = generateToken();
  const { limits, once } = token;
  await transaction
    .insertInto('tokens')
    .values({
      account_id: token.accountId,
      hash: hashToken(text),
      label: token.label,
      created_at: token.now,
      expires_at: token.now + token.lifetime,
      revoked_at: null,
      hint: text.slice(0, hintLength),
      description: limits?.description ?? null,
      scopes: limits === undefined ? null : JSON.stringify(limits.scopes),
      packages: listText(limits?.packages),
      cidr: listText(limits?.networks),
      act: once === undefined ? null : actText(once.act),
      factor: once?.factor ?? null,
      parent_id: once?.parentId ?? null,
    })
    .execute();
  return text;
}

function listText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}

/** The account behind a token, or nothing when it is malformed, unknown, expired or revoked, or its parent is. */
export function findActor(
  { read }: Pick<Database, 'read'>,
  look: Look,
  text: string,
  now: number,
): Soon<Actor | undefined> {
  const digest = hashToken(text);
  // What is no token at all is not looked for. What was found is one.
  const known = look.recall(`token ${digest}`, async () =>
    isWellFormedToken(text) ? await findUnrevoked(read, digest) : undefined,
  );
  return atOnce(known, (found) => (found !== undefined && found.expiresAt > now ? found.actor : undefined));
}

async function findUnrevoked(db: Read, hash: string) {
  const row = await unrevokedToken.first(db, { hash });
  if (row === undefined || row.name === null || row.parent_revoked_at !== null) return undefined;
  const credential = { kind: 'token', id: row.id, limits: limitsIn(row), once: onceIn(row) } as const;
  const actor: Actor = { accountId: row.account_id, name: row.name, credential };
  return { actor, expiresAt: Math.min(row.expires_at, row.parent_expires_at ?? row.expires_at) };
}

const unrevokedToken = statement((db, { hash }: Placeholders<{ hash: string }>) =>
  db
    .selectFrom('tokens')
    .select(['tokens.id', 'tokens.account_id', 'tokens.expires_at'])
    .select(['tokens.scopes', 'tokens.packages', 'tokens.cidr', 'tokens.act', 'tokens.factor'])
    .select((eb) => [
      eb.selectFrom('accounts').select('name').whereRef('accounts.id', '=', 'tokens.account_id').as('name'),
      parentOf(eb).select('parent.expires_at').as('parent_expires_at'),
      parentOf(eb).select('parent.revoked_at').as('parent_revoked_at'),
    ])
    .where('tokens.hash', '=', hash)
    .where('tokens.revoked_at', 'is', null),
);

function onceIn(row: {
  readonly act: string | null;
  readonly factor: string | null;
  readonly expires_at: number;
}): OneAct | undefined {
  if (row.act === null) return undefined;
  return { act: parseAct(row.act), factor: row.factor as ProofFactor | null, expiresAt: row.expires_at };
}

/** Whether the token, or the one it was made with, was revoked. */
export async function isRevoked(db: Read, tokenId: number): Promise<boolean> {
  const row = await revocationOf.first(db, { tokenId });
  return row === undefined || row.revoked_at !== null || row.parent_revoked_at !== null;
}

const revocationOf = statement((db, { tokenId }: Placeholders<{ tokenId: number }>) =>
  db
    .selectFrom('tokens')
    .select('tokens.revoked_at')
    .select((eb) => parentOf(eb).select('parent.revoked_at').as('parent_revoked_at'))
    .where('tokens.id', '=', tokenId),
);

/** The token that one was made with. Not joined, which takes SQLite five times as long (measured). */
function parentOf(eb: ExpressionBuilder<Schema, 'tokens'>) {
  return eb.selectFrom('tokens as parent').whereRef('parent.id', '=', 'tokens.parent_id');
}

/** False when it was revoked before. */
export async function revokeToken(transaction: Write, tokenId: number, now: number): Promise<boolean> {
  const result = await transaction
    .updateTable('tokens')
    .set({ revoked_at: now })
    .where('id', '=', tokenId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** The token an actor came with, if it came with one. */
export function keptToken({ credential }: Actor): number | undefined {
  return credential.kind === 'token' ? credential.id : undefined;
}

/** Revokes every token of an account but one. */
export async function revokeOtherTokens(
  transaction: Write,
  accountId: number,
  now: number,
  kept?: number,
): Promise<void> {
  await transaction
    .updateTable('tokens')
    .set({ revoked_at: now })
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .where('id', '!=', kept ?? -1)
    .execute();
}

export function isWellFormedToken(text: string): boolean {
  if (!pattern.test(text)) return false;
  return text.slice(-checksumLength) === checksumOf(text.slice(0, -checksumLength));
}

export function generateToken(): string {
  const body = Array.from({ length: randomLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  return prefix + body + checksumOf(prefix + body);
}

export function hashToken(text: string): string {
  return hash('sha256', text);
}

/** CRC-32 of what stands before it, in base 62, most significant digit first. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < checksumLength; i++) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}
