import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { Account } from './accounts.ts';
import type { Program } from './actor.ts';
import { chargeAttempt, clearAttempts, oneTimePasswordLimit } from './attempts.ts';
import { checkPassword, refuseOldPassword } from './check-password.ts';
import { holdRecovered } from './hold.ts';
import { noteAddress } from './known-addresses.ts';
import { mailLock } from './lock-notice.ts';
import { codeRequired } from './second-factor/demand.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import { checkCode, codeAttempts, consumeProof, type Proof } from './second-factor/proof.ts';
import type { ProofFactor } from './second-factor/proof-factor.ts';
import {
  consumeRecoveryCode,
  findRecoveryCode,
  normaliseRecoveryCode,
} from './second-factor/recovery-codes.ts';
import { mailRecovery } from './second-factor/recovery-notice.ts';
import { plainAddress } from './tokens/networks.ts';
import { createToken } from './tokens.ts';

export interface LoginRequest {
  readonly name: string;
  readonly password: string;
  readonly code: string | undefined;
  readonly receivedAt: number;
  /** Where the request comes from, for the limit on wrong passwords. */
  readonly address: string;
  /** What the token is called in a list. */
  readonly label: string;
}

/**
 * Logs in and gives a token. The password is checked before anything is said about a second factor, and a
 * name nobody has takes as long and is refused in the same words as a wrong password.
 */
export async function logIn(services: Services, request: LoginRequest): Promise<string> {
  const account = await checkPassword(services, request);
  const needed = await hasSecondFactor(services.database.read, account.id);
  const used = needed ? await checkLoginFactor(services, account, request) : undefined;
  return await logLoginRefusal(services, account, () => openSession(services, account, used, request));
}

async function openSession(
  services: Services,
  account: Account,
  used: LoginFactor | undefined,
  { label, address }: LoginRequest,
): Promise<string> {
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    await settleLogin(transaction, { account, used, program: { agent: label, address }, now });
    const sighting = { accountId: account.id, name: account.name, address: plainAddress(address) };
    await noteAddress(transaction, now, { ...sighting, token: label, program: label });
    const lifetime = services.settings.loginTokenLifetime;
    return await createToken(transaction, { accountId: account.id, label, now, lifetime });
  });
}

export interface Login {
  readonly account: Account;
  readonly used: LoginFactor | undefined;
  readonly program: Program;
  readonly now: number;
}

/** Uses the factor of a login up and logs it, in the transaction that makes the token or the session. */
export async function settleLogin(transaction: Write, login: Login): Promise<void> {
  const { account, used, program, now } = login;
  await refuseOldPassword(transaction, account);
  await consumeLoginFactor(transaction, account, used, now);
  const { name } = account;
  if (used?.kind === 'recovery-code') {
    const event = { tag: 'factor:recovery-code-used', actor: name, subject: name } as const;
    await recordEvent(transaction, now, event);
    await mailRecovery(transaction, now, { accountId: account.id, program });
  }
  const details = { factor: used === undefined ? null : factorOf(used) };
  await recordEvent(transaction, now, { tag: 'account:login', actor: name, subject: name, details });
}

/** Runs the end of a login, and logs it when it is refused. */
export async function logLoginRefusal<T>(
  services: Services,
  account: Account,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) await recordRefusal(services, account, error);
    throw error;
  }
}

async function recordRefusal(services: Services, account: Account, { code }: Refusal): Promise<void> {
  const event = {
    tag: 'account:login-refused',
    actor: account.name,
    subject: account.name,
    details: { code },
  } as const;
  await services.database.write((transaction) => recordEvent(transaction, services.clock(), event));
}

/** What a login was completed with, besides the password. A passkey's answer was used up when it was checked. */
export type LoginFactor =
  | Proof
  | { readonly kind: 'recovery-code'; readonly id: number }
  | { readonly kind: 'passkey' };

export function factorOf(used: LoginFactor): ProofFactor {
  return 'factor' in used ? used.factor : used.kind;
}

/** Checks the code of a login: a one-time password, or a recovery code. Throws what `checkCode` throws. */
export async function checkLoginFactor(
  services: Services,
  account: Account,
  request: Pick<LoginRequest, 'code' | 'receivedAt'>,
): Promise<LoginFactor> {
  if (request.code === undefined) throw codeRequired('this account has a second factor');
  const recoveryCode = normaliseRecoveryCode(request.code);
  if (recoveryCode !== undefined) return await checkRecoveryCode(services, account, recoveryCode);
  const { code, receivedAt } = request;
  const act = { action: 'login', subject: account.name, details: {} };
  return await checkCode(services, {
    accountId: account.id,
    accountName: account.name,
    code,
    receivedAt,
    act,
  });
}

/** Counted together with one-time passwords: a guess is a guess, whatever its length. */
async function checkRecoveryCode(services: Services, account: Account, code: string): Promise<LoginFactor> {
  const subject = codeAttempts(account.id);
  const blocked = await services.database.write((transaction) =>
    chargeAttempt(transaction, subject, oneTimePasswordLimit, services.clock()),
  );
  if (blocked !== undefined) throw blocked;
  const id = await findRecoveryCode(services, account.id, code);
  if (id === undefined) {
    const event = { tag: 'factor:code-refused', actor: account.name, subject: account.name } as const;
    await services.database.write(async (transaction) => {
      const now = services.clock();
      await recordEvent(transaction, now, event);
      await mailLock(transaction, now, { accountId: account.id, subject });
    });
    throw recoveryCodeRefused();
  }
  await services.database.write((transaction) => clearAttempts(transaction, subject));
  return { kind: 'recovery-code', id };
}

async function consumeLoginFactor(
  transaction: Write,
  account: Account,
  used: LoginFactor | undefined,
  now: number,
): Promise<void> {
  if (used === undefined) {
    if (await hasSecondFactor(transaction, account.id))
      throw codeRequired('this account has a second factor');
  } else if (used.kind === 'recovery-code') {
    if (!(await consumeRecoveryCode(transaction, used.id, now))) throw recoveryCodeRefused();
    await holdRecovered(transaction, account.id, now);
  } else if (used.kind !== 'passkey') {
    await consumeProof(transaction, used, now);
  }
}

function recoveryCodeRefused(): Refusal {
  return new Refusal(
    'otp_refused',
    'this recovery code is wrong or was used before (a one-time password has 6 digits)',
  );
}
