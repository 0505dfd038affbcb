import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Selectable } from 'kysely';
import { type AuditTag, recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import type { PasskeyRow } from '../../store/schema-people.ts';
import { getAccount } from '../accounts.ts';
import { chargeAttempt, clearAttempts, oneTimePasswordLimit } from '../attempts.ts';
import { codeAttempts } from '../second-factor/proof.ts';
import {
  type AuthenticationPurpose,
  challengeLifetime,
  consumeChallenge,
  issueChallenge,
} from './challenges.ts';
import { loadWebauthn } from './library.ts';
import { describePasskeys, userHandle } from './passkeys.ts';
import { getRelyingParty } from './relying-party.ts';
import { parseAuthentication } from './responses.ts';

/**
 * Asking for a passkey. A challenge is used up before its answer is looked at, so that an answer counts once,
 * and a wrong one cannot be mended. Checking signatures takes time, so it happens between two transactions; the
 * counter is compared in the second one, by the statement that writes it.
 */

export interface Authentication {
  readonly purpose: AuthenticationPurpose;
  /** Who is asked. Left out for a login, where the passkey says who it is. */
  readonly accountId?: number | undefined;
  /** What the answer is for: a session, an approval. The same text at the end as at the beginning. */
  readonly context: string;
}

export interface Authenticated {
  readonly accountId: number;
  readonly passkeyId: string;
}

type Passkey = Selectable<PasskeyRow>;

/** Without a password, and for a release, the device must have checked who holds it: PIN, finger, face. */
function verifiesUser(purpose: AuthenticationPurpose): boolean {
  return purpose === 'login' || purpose === 'approve';
}

/** What a page hands to the browser. Throws `unsupported` where there can be no passkeys. */
export async function beginAuthentication(
  services: Services,
  { purpose, accountId, context }: Authentication,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { id: rpID } = getRelyingParty(services.settings);
  const allowCredentials =
    accountId === undefined ? [] : await describePasskeys(services.database.read, accountId);
  if (accountId !== undefined && allowCredentials.length === 0) {
    throw new Refusal('factor_not_enrolled', 'this account has no passkey');
  }
  const challenge = await services.database.write((transaction) =>
    issueChallenge(transaction, { purpose, accountId, context }, services.clock()),
  );
  const { generateAuthenticationOptions } = await loadWebauthn();
  return await generateAuthenticationOptions({
    rpID,
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: challengeLifetime,
    userVerification: verifiesUser(purpose) ? 'required' : 'preferred',
    allowCredentials,
  });
}

/**
 * Checks the answer. Throws `bad_request` for one that is malformed, `passkey_refused` for any that does not
 * count, `otp_throttled` where the account had too many wrong codes or answers.
 */
export async function finishAuthentication(
  services: Services,
  finish: Authentication & { readonly response: unknown },
): Promise<Authenticated> {
  const { response, challenge } = parseAuthentication(finish.response);
  const passkey = await claim(services, finish, response.id, challenge);
  const verified = await verify(services, { finish, passkey, response, challenge });
  if (verified === undefined) throw await refuse(services, passkey.account_id, 'factor:passkey-refused');
  await accept(services, passkey, verified);
  return { accountId: passkey.account_id, passkeyId: passkey.id };
}

/** Charges the attempt, uses the challenge up, and finds the passkey that is said to have answered. */
async function claim(
  services: Services,
  finish: Authentication,
  passkeyId: string,
  challenge: string,
): Promise<Passkey> {
  const { purpose, accountId, context } = finish;
  const outcome = await services.database.write(async (transaction): Promise<Passkey | Refusal> => {
    const now = services.clock();
    if (accountId !== undefined) {
      const blocked = await chargeAttempt(transaction, codeAttempts(accountId), oneTimePasswordLimit, now);
      if (blocked !== undefined) return blocked;
    }
    const claimed = await consumeChallenge(transaction, challenge, { purpose, accountId, context }, now);
    const passkey = await findPasskey(transaction, passkeyId);
    const fits = passkey !== undefined && (accountId === undefined || passkey.account_id === accountId);
    return claimed && fits ? passkey : passkeyRefused();
  });
  if (!(outcome instanceof Refusal)) return outcome;
  if (outcome.code === 'passkey_refused') throw await refuse(services, accountId, 'factor:passkey-refused');
  throw outcome;
}

async function findPasskey(transaction: Write, id: string): Promise<Passkey | undefined> {
  return await transaction.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst();
}

interface Verified {
  readonly counter: number;
  readonly backedUp: boolean;
}

async function verify(
  services: Services,
  asked: {
    readonly finish: Authentication;
    readonly passkey: Passkey;
    readonly response: AuthenticationResponseJSON;
    readonly challenge: string;
  },
): Promise<Verified | undefined> {
  const { finish, passkey, response, challenge } = asked;
  const account = await getAccount(services.database.read, passkey.account_id);
  const handle = response.response.userHandle;
  // A login rests on it; elsewhere an authenticator may leave it out (WebAuthn Level 3 §7.2, step 6).
  if (handle === undefined ? finish.accountId === undefined : handle !== userHandle(account))
    return undefined;
  const { id: expectedRPID, origin: expectedOrigin } = getRelyingParty(services.settings);
  const { verifyAuthenticationResponse } = await loadWebauthn();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: verifiesUser(finish.purpose),
      // The counter is compared where it is written: see `accept`.
      credential: { id: passkey.id, publicKey: Buffer.from(passkey.public_key, 'base64url'), counter: 0 },
    });
    if (!verified) return undefined;
    return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
  } catch {
    // The library throws for each thing that is wrong, and its messages repeat what was sent.
    return undefined;
  }
}

/** A counter that did not go up says that there are two of this authenticator: WebAuthn Level 3 §6.1.1. */
async function accept(services: Services, passkey: Passkey, { counter, backedUp }: Verified): Promise<void> {
  const accepted = await services.database.write(async (transaction) => {
    const now = services.clock();
    const result = await transaction
      .updateTable('passkeys')
      .set({ counter, backed_up: backedUp ? 1 : 0, last_used_at: now })
      .where('id', '=', passkey.id)
      // Some do not count at all, and stay at zero.
      .where((eb) => eb.or([eb('counter', '<', counter), ...(counter === 0 ? [eb('counter', '=', 0)] : [])]))
      .executeTakeFirst();
    if (result.numUpdatedRows !== 1n) return false;
    await clearAttempts(transaction, codeAttempts(passkey.account_id));
    return true;
  });
  if (accepted) return;
  throw await refuse(services, passkey.account_id, 'factor:passkey-counter-regressed', passkey.name);
}

async function refuse(
  services: Services,
  accountId: number | undefined,
  tag: Extract<AuditTag, `factor:passkey-${string}`>,
  copied?: string,
): Promise<Refusal> {
  await services.database.write(async (transaction) => {
    const account = accountId === undefined ? undefined : await getAccount(transaction, accountId);
    const now = services.clock();
    const event = { tag, actor: account?.name ?? 'anonymous', subject: account?.name ?? 'unknown' };
    await recordEvent(transaction, now, event);
    if (account === undefined || copied === undefined) return;
    const values = { factor: `passkey "${copied}"` };
    await mailAccount(transaction, now, account.id, { template: 'passkey-refused', values });
  });
  return passkeyRefused();
}

function passkeyRefused(): Refusal {
  return new Refusal('passkey_refused', 'this passkey was not accepted: try again');
}
