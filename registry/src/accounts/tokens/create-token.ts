import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
import type { Act } from '../act.ts';
import type { Program, Requester } from '../actor.ts';
import { changeAccount } from '../change-account.ts';
import { type Demand, demandProof, settleProof } from '../second-factor/demand.ts';
import { createToken } from '../tokens.ts';
import { describeToken, type TokenSummary } from './own-tokens.ts';
import type { TokenSettings } from './settings.ts';

/** Live tokens with limits an account may have: more than a person can keep in view. */
const mostTokens = 100;
const day = 24 * 60 * 60 * 1_000;

export interface CreatedToken {
  /** Shown this once. */
  readonly token: string;
  readonly summary: TokenSummary;
}

/**
 * Makes a token with limits. A governance act: it takes the second factor of an account that has one, and what
 * is approved is exactly these settings. The caller checked the password where there is no session.
 */
export async function createLimitedToken(
  services: Services,
  requester: Requester,
  settings: TokenSettings,
  program: Program,
): Promise<CreatedToken> {
  const { actor } = requester;
  const demand: Demand = {
    kind: 'governance',
    why: 'making a token needs it',
    act: actOf(actor.name, settings),
  };
  return await changeAccount(services, actor, async () => {
    const proof = await demandProof(services, requester, demand);
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      await settleProof(transaction, { actor, demand, proof, now });
      await refuseTooMany(transaction, actor.accountId, now);
      const token = await createToken(transaction, {
        accountId: actor.accountId,
        label: settings.name,
        now,
        lifetime: settings.days * day,
        limits: settings,
      });
      const summary = await describeToken(transaction, token);
      const event = { tag: 'token:created', actor: actor.name, subject: actor.name } as const;
      const details = { ...demand.act.details, key: summary.key, factor: proof?.factor ?? null };
      await recordEvent(transaction, now, { ...event, details });
      await mailAccount(transaction, now, actor.accountId, {
        template: 'token-created',
        values: {
          token: settings.name,
          scopes: settings.scopes.join(', '),
          expires: new Date(summary.expiresAt).toISOString(),
          program: program.agent,
          address: program.address,
        },
      });
      return { token, summary };
    });
  });
}

/** All that decides what the token can do, so that an approval is good for this token and no other. */
function actOf(name: string, settings: TokenSettings): Act {
  const { description, scopes, packages, networks, days } = settings;
  const details = {
    name: settings.name,
    ...(description && { description }),
    scopes: scopes.join(' '),
    packages: packages?.join(' ') ?? 'all',
    networks: networks?.join(' ') ?? 'all',
    days: String(days),
  };
  return { action: 'token:create', subject: name, details };
}

async function refuseTooMany(db: Read, accountId: number, now: number): Promise<void> {
  const { live } = await db
    .selectFrom('tokens')
    .select((eb) => eb.fn.countAll<number>().as('live'))
    .where('account_id', '=', accountId)
    .where('scopes', 'is not', null)
    .where('act', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  if (Number(live) < mostTokens) return;
  throw new Refusal('conflict', `this account has ${mostTokens} tokens already: revoke one first`);
}
