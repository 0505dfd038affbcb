import { randomUUID } from 'node:crypto';
import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Read, Write } from '../../store/database.ts';
import type { TotpFactorRow } from '../../store/schema.ts';
import type { Actor, Requester } from '../actor.ts';
import { chargeAttempt, clearAttempts, oneTimePasswordLimit } from '../attempts.ts';
import { changeAccount } from '../change-account.ts';
import { refuseWhileHeld } from '../hold.ts';
import { refuseActBeyondLimits } from '../tokens/limits.ts';
import { type Demand, demandProof, refuseEnded, settleProof } from './demand.ts';
import { dropPending, type FactorMode, findFactor, seedContext } from './factors.ts';
import { codeAttempts } from './proof.ts';
import { generateRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts';
import { createSeed, enrolmentUri, matchStep, normaliseCode } from './totp.ts';

/**
 * Enrolling a second factor, in two steps: a seed is made and shown, then a code proves that the app has it.
 * Until then the enrolment is a row of its own that nothing else looks at, so that beginning one never
 * touches a factor that is active. The password was checked by the caller.
 */

/** An enrolment that is not confirmed by then is begun anew. */
const pendingLifetime = 60 * 60 * 1_000;

/** Begins an enrolment, or changes the mode of an active factor, which takes a code. */
export async function beginEnrolment(
  services: Services,
  requester: Requester,
  mode: FactorMode,
): Promise<{ readonly uri: string } | { readonly mode: FactorMode }> {
  const { actor } = requester;
  const active = await findFactor(services.database.read, actor.accountId, 'active');
  if (active !== undefined)
    return await changeAccount(services, actor, () => changeMode(services, requester, mode));
  const demand = addingDemand(actor, mode);
  const proof = await changeAccount(services, actor, () => demandProof(services, requester, demand));
  const seed = createSeed();
  const id = randomUUID();
  const sealed = services.seedKeys.seal(seed, seedContext({ id, account_id: actor.accountId }));
  await services.database.write(async (transaction) => {
    const now = services.clock();
    await settleProof(transaction, { actor, demand, proof, now });
    await refuseWhereActive(transaction, actor.accountId);
    await dropPending(transaction, actor.accountId);
    const row = {
      id,
      account_id: actor.accountId,
      state: 'pending',
      mode,
      seed: sealed,
      last_step: 0,
      created_at: now,
    } as const;
    await transaction.insertInto('totp_factors').values(row).execute();
    await recordEvent(transaction, now, {
      tag: 'factor:enrolment-begun',
      actor: actor.name,
      subject: actor.name,
    });
  });
  return { uri: enrolmentUri(seed, actor.name, services.settings.issuer) };
}

/** An account that has a passkey adds an authenticator app with that passkey's consent. */
function addingDemand(actor: Actor, mode: FactorMode): Demand {
  const act = { action: 'factor:add-totp', subject: actor.name, details: { mode } };
  return { kind: 'governance', why: 'adding a second factor needs it', act };
}

/**
 * What is to be scanned, once more, while an enrolment waits for its code. It takes the same proof as beginning
 * one: whoever sees the seed has the factor.
 */
export async function findPendingEnrolment(
  services: Services,
  requester: Requester,
): Promise<{ readonly uri: string; readonly seed: string } | undefined> {
  const { actor } = requester;
  const pending = await findFactor(services.database.read, actor.accountId, 'pending');
  if (pending === undefined || pending.created_at + pendingLifetime < services.clock()) return undefined;
  await demandProof(services, requester, addingDemand(actor, pending.mode));
  const seed = services.seedKeys.open(pending.seed, seedContext(pending));
  return { uri: enrolmentUri(seed, actor.name, services.settings.issuer), seed };
}

/** Two enrolments at the same time: the one that is confirmed first counts, and the other one is nothing. */
async function refuseWhereActive(db: Read, accountId: number): Promise<void> {
  if ((await findFactor(db, accountId, 'active')) === undefined) return;
  throw new Refusal('conflict', 'this account has a second factor meanwhile');
}

async function changeMode(
  services: Services,
  requester: Requester,
  mode: FactorMode,
): Promise<{ mode: FactorMode }> {
  const { actor } = requester;
  const act = { action: 'factor:mode', subject: actor.name, details: { mode } };
  const demand: Demand = { kind: 'governance', why: 'changing the mode of the second factor needs it', act };
  const proof = await demandProof(services, requester, demand);
  if (proof === undefined) throw new Refusal('conflict', 'the second factor was removed meanwhile');
  await services.database.write(async (transaction) => {
    const now = services.clock();
    await settleProof(transaction, { actor, demand, proof, now });
    await transaction
      .updateTable('totp_factors')
      .set({ mode })
      .where('account_id', '=', actor.accountId)
      .where('state', '=', 'active')
      .execute();
    const event = {
      tag: 'factor:mode-changed',
      actor: actor.name,
      subject: actor.name,
      details: { mode },
    } as const;
    await recordEvent(transaction, now, event);
    const values = { when: whenAsked[mode], ...fromProgram(requester.program) };
    await mailAccount(transaction, now, actor.accountId, { template: 'factor-mode-changed', values });
  });
  return { mode };
}

/** For mails: a token alone publishes with one of them. */
const whenAsked: Readonly<Record<FactorMode, string>> = {
  'auth-only': 'at logins and for changes of accounts, owners and policy, and not for releases',
  'auth-and-writes': 'at logins, and for every release and change',
};

/**
 * Confirms an enrolment and gives the recovery codes, which nobody can see again. It takes no other proof than the code:
 * an enrolment took what beginning one takes, and is dropped when another factor is added.
 */
export async function confirmEnrolment(
  services: Services,
  requester: Requester,
  code: string,
): Promise<string[]> {
  const { actor, receivedAt } = requester;
  await getPending(services.database.read, actor.accountId, services.clock());
  const codes = generateRecoveryCodes();
  const hashes = await Promise.all(codes.map((recoveryCode) => services.passwords.hash(recoveryCode)));
  const outcome = await services.database.write(async (transaction): Promise<Refusal | undefined> => {
    const now = services.clock();
    await refuseEnded(transaction, actor, now);
    await refuseWhileHeld(transaction, actor.accountId, now);
    const pending = await getPending(transaction, actor.accountId, now);
    refuseActBeyondLimits(actor, addingDemand(actor, pending.mode).act);
    const subject = codeAttempts(actor.accountId);
    const blocked = await chargeAttempt(transaction, subject, oneTimePasswordLimit, now);
    const step = blocked ?? stepOf(services, pending, code, receivedAt) ?? wrongCode();
    if (step instanceof Refusal) {
      const details = { code: step.code };
      const event = { tag: 'factor:code-refused', actor: actor.name, subject: actor.name, details } as const;
      await recordEvent(transaction, now, event);
      return step;
    }
    await clearAttempts(transaction, subject);
    await activate(transaction, pending, step);
    await replaceRecoveryCodes(transaction, actor.accountId, hashes, now);
    const event = {
      tag: 'factor:enabled',
      actor: actor.name,
      subject: actor.name,
      details: { mode: pending.mode },
    } as const;
    await recordEvent(transaction, now, event);
    await mailAboutApp(transaction, now, requester, {
      template: 'factor-added',
      factor: `authenticator app, asked for ${whenAsked[pending.mode]}`,
    });
    return undefined;
  });
  if (outcome !== undefined) throw outcome;
  return codes;
}

/** Throws `bad_request` without an enrolment in progress, `conflict` where a factor became active meanwhile. */
async function getPending(db: Read, accountId: number, now: number): Promise<TotpFactorRow> {
  const pending = await findFactor(db, accountId, 'pending');
  if (pending === undefined || pending.created_at + pendingLifetime < now) {
    throw new Refusal('bad_request', 'there is no enrolment to confirm: begin one first');
  }
  await refuseWhereActive(db, accountId);
  return pending;
}

function wrongCode(): Refusal {
  return new Refusal(
    'confirmation_refused',
    'this code is wrong: scan the QR code again, check the clock of your device, and repeat',
  );
}

function stepOf(services: Services, pending: TotpFactorRow, text: string, at: number): number | undefined {
  const code = normaliseCode(text);
  const seed = services.seedKeys.open(pending.seed, seedContext(pending));
  return code === undefined ? undefined : matchStep(seed, code, at);
}

/** The code that confirms is used up by it: somebody who saw it typed cannot use it again. */
async function activate(transaction: Write, pending: TotpFactorRow, step: number): Promise<void> {
  await transaction
    .updateTable('totp_factors')
    .set({ state: 'active', last_step: step })
    .where('id', '=', pending.id)
    .where('state', '=', 'pending')
    .execute();
}

/** Tells the account's owner that an authenticator app came or went. */
export async function mailAboutApp(
  transaction: Write,
  now: number,
  { actor, program }: Requester,
  { template, factor }: { readonly template: 'factor-added' | 'factor-removed'; readonly factor: string },
): Promise<void> {
  const values = { factor, ...fromProgram(program) };
  await mailAccount(transaction, now, actor.accountId, { template, values });
}
