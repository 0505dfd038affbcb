import { recordEvent } from '../../audit/log.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import type { Actor, Program } from '../actor.ts';
import { noteAddress } from '../known-addresses.ts';
import { hashToken, isWellFormedToken } from '../tokens.ts';
import type { TokenLimited } from './limits.ts';
import { plainAddress } from './networks.ts';

/**
 * When and from where a token was used, and when it was refused: written beside the request and never on its
 * way, at most once an hour for a token and what is noted of it, however often it comes.
 */
const hour = 60 * 60 * 1_000;

type Noting = Pick<Services, 'database' | 'clock' | 'background'>;

/** Notes that a token was used, and tells its owner of an address the account was never used from. */
export function noteUse(services: Noting, actor: Actor, program: Program): void {
  const { credential } = actor;
  if (credential.kind !== 'token') return;
  const address = plainAddress(program.address);
  services.background.runOnceAnHour(`use:${credential.id}:${address}`, services.clock(), () =>
    services.database.write(async (transaction) => {
      const now = services.clock();
      await transaction
        .updateTable('tokens')
        .set({ last_used_at: now, last_used_address: address })
        .where('id', '=', credential.id)
        .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', now - hour)]))
        .execute();
      const label = await labelOf(transaction, credential.id);
      await noteAddress(transaction, now, { ...actor, address, token: label, program: program.agent });
    }),
  );
}

async function labelOf(transaction: Write, id: number): Promise<string> {
  const row = await transaction
    .selectFrom('tokens')
    .select('label')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.label;
}

/**
 * Logs a token that is no good any more, and why. Whoever sent it is told nothing of it. A text that never was
 * a token is nobody's, and is not logged: anybody could fill the log with them.
 */
export function noteDeadToken(services: Noting, text: string): void {
  if (!isWellFormedToken(text)) return;
  const hash = hashToken(text);
  services.background.runOnceAnHour(`dead:${hash}`, services.clock(), async () => {
    const row = await services.database.read
      .selectFrom('tokens')
      .innerJoin('accounts', 'accounts.id', 'tokens.account_id')
      .select(['tokens.label', 'tokens.revoked_at', 'tokens.revoked_for', 'accounts.name'])
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (row === undefined) return;
    const reason = row.revoked_at === null ? 'expired' : (row.revoked_for ?? 'revoked');
    await recordRefusal(services, row.name, { reason, token: row.label });
  });
}

/** Logs that a limited token was sent where it may not go. */
export function noteBeyondLimits(services: Noting, { actor, code }: TokenLimited, route: string): void {
  const { id } = actor.credential;
  services.background.runOnceAnHour(`limited:${id}:${route}`, services.clock(), () =>
    recordRefusal(services, actor.name, { reason: code, route, token: id }),
  );
}

async function recordRefusal(
  services: Noting,
  name: string,
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  const event = { tag: 'token:refused', actor: name, subject: name, details } as const;
  await services.database.write((transaction) => recordEvent(transaction, services.clock(), event));
}
