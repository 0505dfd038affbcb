import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import { type Account, getAccount } from './accounts.ts';
import type { Program } from './actor.ts';
import { checkPassword, refuseOldPassword } from './check-password.ts';
import { noteAddress } from './known-addresses.ts';
import { checkLoginFactor, factorOf, type LoginFactor, logLoginRefusal, settleLogin } from './log-in.ts';
import { finishAuthentication } from './passkeys/authenticate.ts';
import { hasSecondFactor } from './second-factor/factors.ts';
import { addRecoveryCode, generateRecoveryCode } from './second-factor/recovery-codes.ts';
import { createSession, type NewSession, type Session, type SessionFactor, stepUp } from './sessions.ts';
import { plainAddress } from './tokens/networks.ts';

/**
 * Logging in with a browser: the password, then the factor where there is one, or a passkey alone. Counted and
 * refused as a login of a program is. Each answer is the value of the session's cookie.
 */

export interface PasswordLogin {
  readonly name: string;
  readonly password: string;
  readonly program: Program;
}

/** The session waits for the second factor where the account has one; otherwise it is complete. */
export async function beginBrowserLogin(services: Services, login: PasswordLogin): Promise<string> {
  const { name, password, program } = login;
  const account = await checkPassword(services, { name, password, address: program.address });
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const begun = { accountId: account.id, factor: undefined, program, now };
    if (await hasSecondFactor(transaction, account.id)) {
      await refuseOldPassword(transaction, account);
      return await createSession(transaction, { ...begun, state: 'password', provedWith: undefined });
    }
    await settleBrowserLogin(transaction, { account, used: undefined, program, now });
    return await createSession(transaction, { ...begun, state: 'full', provedWith: 'password' });
  });
}

export interface HalfLogin {
  readonly session: Session;
  /** The value of the cookie so far. */
  readonly secret: string;
  readonly program: Program;
}

export interface Completed {
  /** The cookie's new value. */
  readonly secret: string;
  /** In place of the recovery code that was used. It is seen this once. */
  readonly recoveryCode: string | undefined;
}

/**
 * Completes a login with a one-time password or a recovery code. Only a browser is given another recovery code: a
 * program would leave it in a terminal or a log.
 */
export async function completeWithCode(
  services: Services,
  half: HalfLogin,
  presented: { readonly code: string; readonly receivedAt: number },
): Promise<Completed> {
  const account = await getAccount(services.database.read, half.session.accountId);
  const used = await checkLoginFactor(services, account, presented);
  const recoveryCode = used.kind === 'recovery-code' ? generateRecoveryCode() : undefined;
  const recoveryHash = recoveryCode && (await services.passwords.hash(recoveryCode));
  return { secret: await complete(services, half, { account, used, recoveryHash }), recoveryCode };
}

/** Completes a login with a passkey of the account whose password it was. */
export async function completeWithPasskey(
  services: Services,
  half: HalfLogin,
  response: unknown,
): Promise<string> {
  const { accountId, id } = half.session;
  const question = { purpose: 'second-factor', accountId, context: sessionContext(id), response } as const;
  await finishAuthentication(services, question);
  const account = await getAccount(services.database.read, accountId);
  return await complete(services, half, { account, used: { kind: 'passkey' } });
}

/** What a passkey is asked for in a session. */
export function sessionContext(sessionId: number): string {
  return `session:${sessionId}`;
}

interface Completion {
  readonly account: Account;
  readonly used: LoginFactor;
  /** Of the recovery code that takes the place of a used one. */
  readonly recoveryHash?: string | undefined;
}

async function complete(
  services: Services,
  { secret, program }: HalfLogin,
  { account, used, recoveryHash }: Completion,
): Promise<string> {
  const work = () =>
    services.database.write(async (transaction) => {
      const now = services.clock();
      await settleBrowserLogin(transaction, { account, used, program, now });
      const step = { secret, provedWith: provenBy(used), completed: { factor: sessionFactor(used) }, now };
      const next = await stepUp(transaction, step);
      if (next === undefined) throw new Refusal('unauthenticated', 'this login took too long: begin again');
      if (recoveryHash) await addRecoveryCode(transaction, account.id, recoveryHash, now);
      return next;
    });
  return await logLoginRefusal(services, account, work);
}

/** A passkey alone, which says who it is: its device has checked the person as well. */
export async function logInWithPasskey(
  services: Services,
  login: { readonly response: unknown; readonly context: string; readonly program: Program },
): Promise<string> {
  const { response, context, program } = login;
  const { accountId } = await finishAuthentication(services, { purpose: 'login', context, response });
  return await services.database.write(async (transaction) => {
    const now = services.clock();
    const account = await getAccount(transaction, accountId);
    await settleBrowserLogin(transaction, { account, used: { kind: 'passkey' }, program, now });
    const session = {
      accountId,
      state: 'full',
      factor: 'passkey',
      provedWith: 'passkey',
      program,
      now,
    } as const;
    return await createSession(transaction, session);
  });
}

async function settleBrowserLogin(
  transaction: Write,
  login: Parameters<typeof settleLogin>[1] & { readonly program: Program },
): Promise<void> {
  const { account, program, now } = login;
  await settleLogin(transaction, login);
  const sighting = { accountId: account.id, name: account.name, address: plainAddress(program.address) };
  await noteAddress(transaction, now, { ...sighting, token: 'a browser', program: program.agent });
}

/** A recovery code gets its person in, and is no proof for what they do there. */
function provenBy(used: LoginFactor): NewSession['provedWith'] {
  const factor = factorOf(used);
  return factor === 'recovery-code' ? undefined : factor;
}

function sessionFactor(used: LoginFactor): SessionFactor {
  return factorOf(used) as SessionFactor;
}
