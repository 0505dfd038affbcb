import type { Context } from '../context.ts';
import type { Credential } from '../credentials/provider.ts';
import { namelessAccount } from '../credentials/provider.ts';
import { PubError } from '../errors.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import { isTokenText, Secret } from '../secret.ts';
import { type Connection, openConnection } from './connection.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { readSecretLine } from './standard-input.ts';

export interface LogInRequest {
  readonly registry: string | undefined;
  readonly username: string | undefined;
  /** Creates the account. */
  readonly signUp: boolean;
  readonly email: string | undefined;
  /** What standard input holds, if anything: never both. */
  readonly standardInput: 'token' | 'password' | undefined;
  /** The token is the result, on stdout, and no keychain is touched. */
  readonly printToken: boolean;
  readonly oneTimePassword: Secret | undefined;
}

export type LogInContext = Pick<
  Context,
  | 'registries'
  | 'credentials'
  | 'connect'
  | 'terminal'
  | 'prompter'
  | 'readStandardInput'
  | 'environmentOneTimePassword'
>;

/**
 * Gets a token and keeps it in the keychain. The keychain is asked first: a token that cannot be kept should
 * not be made. Every token is tried with a request before it is stored.
 */
export async function logIn(context: LogInContext, request: LogInRequest): Promise<void> {
  if (request.printToken) return await printToken(context, request);
  const connection = await openConnection(context, { explicit: request.registry });
  await context.credentials.keychain.probe(connection.target);
  const byToken = request.standardInput === 'token';
  const token = byToken
    ? await readSecretLine(context, 'token')
    : await newToken(context, connection, request);
  const account = await keep(context, connection, token).catch(async (error) => {
    if (!byToken) await revokeQuietly(connection, token);
    throw error;
  });
  report(context, connection, account);
}

/** Gives the account, which only the registry knows for sure, if it tells. */
async function keep(
  { credentials, terminal }: LogInContext,
  { target, registry }: Connection,
  token: Secret,
): Promise<string | undefined> {
  const account = await accountOf({ terminal, registry, token });
  const earlier = await credentials.keychain.get(target);
  await credentials.keychain.store(target, account ?? namelessAccount, token);
  if (earlier !== undefined) {
    terminal.note('The token kept before was replaced. It stays valid at the registry until it expires.');
  }
  return account;
}

/** `undefined` where the registry does not say whose token it is; it is tried as far as it can be. */
async function accountOf({
  terminal,
  registry,
  token,
}: Pick<LogInContext, 'terminal'> & Pick<Connection, 'registry'> & { token: Secret }): Promise<
  string | undefined
> {
  try {
    return await registry.whoAmI(token);
  } catch (error) {
    const { tryToken } = registry;
    if (!(error instanceof PubError) || error.code !== 'E_UNSUPPORTED' || tryToken === undefined) throw error;
    if (!(await tryToken(token))) {
      terminal.warn(
        'the token was not tried: this registry has no request for that, and the next command will tell',
      );
    }
    return undefined;
  }
}

/** In the middle of another command, whose account has to stay the one it was. Gives what is kept from now on. */
export async function logInAgain(
  context: LogInContext,
  connection: Connection,
  { account }: Credential,
): Promise<Credential> {
  const { displayUrl } = connection.registry;
  context.terminal.warn(`the login to ${displayUrl} has ended`);
  const token = await newToken(context, connection, whoeverIsAsked);
  try {
    const { terminal, credentials } = context;
    const now = await accountOf({ terminal, registry: connection.registry, token });
    if (account !== undefined && now !== account) throw anotherAccount(account, now);
    await credentials.keychain.store(connection.target, now ?? namelessAccount, token);
    terminal.status('Logged in', `${now === undefined ? '' : `as ${now} `}at ${displayUrl}`);
    return { token, account: now, source: 'the keychain', kept: true };
  } catch (error) {
    await revokeQuietly(connection, token);
    throw error;
  }
}

const whoeverIsAsked: LogInRequest = {
  ...{ registry: undefined, username: undefined, email: undefined, oneTimePassword: undefined },
  ...{ signUp: false, standardInput: undefined, printToken: false },
};

function anotherAccount(before: string, now = 'somebody without a name'): PubError {
  return new PubError('E_REFUSED', `this was begun as ${before}, and you logged in as ${now}`, {
    hint: 'run `pub login` and the command again',
  });
}

/** For machines that keep no token: the person says where it goes, and this program writes it nowhere. */
async function printToken(context: LogInContext, request: LogInRequest): Promise<void> {
  const connection = await openConnection(context, { explicit: request.registry });
  const token = await newToken(context, connection, request);
  const account = await connection.registry.whoAmI(token).catch(async (error) => {
    await revokeQuietly(connection, token);
    throw error;
  });
  const { displayUrl } = connection.registry;
  context.terminal.status('Logged in', `as ${account} at ${displayUrl}`);
  context.terminal.note('The token is kept nowhere. `PUB_TOKEN=… pub logout` revokes it.');
  context.terminal.result({ account, registry: displayUrl, token: token.expose() }, token.expose());
}

/**
 * In a browser where the registry has a page for it and a person sits here: passkeys work there, and the password
 * is typed into nothing but the registry's own page. With a name or a piped password, here.
 */
async function newToken(
  context: LogInContext,
  connection: Connection,
  request: LogInRequest,
): Promise<Secret> {
  const typedHere = request.username !== undefined || request.standardInput === 'password' || request.signUp;
  const page = typedHere ? undefined : await connection.registry.beginBrowserLogin();
  const byHand = typedHere || page !== undefined ? undefined : await connection.registry.manualLogin?.();
  if (byHand !== undefined) return await tokenByHand(context, connection, byHand.page);
  if (page === undefined) return await tokenForPassword(context, connection, request);
  await context.prompter.visit({
    message: `Log in to ${connection.registry.displayUrl} in a browser:`,
    url: page.pageUrl,
    instead: 'pass --username <name> and --password-stdin, or a token with --token-stdin',
  });
  context.terminal.note(
    'Waiting for it. Without a browser: press Ctrl-C, and log in here with --username <name>.',
  );
  return await connection.registry.collect(page);
}

/** A registry without another login has a page where tokens are made. */
async function tokenByHand(
  { terminal, prompter }: LogInContext,
  { registry }: Connection,
  page: string | undefined,
): Promise<Secret> {
  terminal.note(
    `Make a token for this computer at ${page ?? `the pages of ${registry.displayUrl}`}, and paste it here.`,
  );
  const instead = 'pipe a token in with --token-stdin';
  return tokenIn(await prompter.secret({ message: `token for ${registry.displayUrl}`, instead }));
}

/** crates.io shows the whole command to be copied; cargo takes that too. */
function tokenIn(answer: Secret): Secret {
  const token = answer
    .expose()
    .trim()
    .replace(/^cargo login /, '');
  if (isTokenText(token)) return new Secret(token);
  throw new PubError('E_USAGE', 'that is not a token', {
    hint: 'paste the token alone, as the page shows it',
  });
}

async function tokenForPassword(
  context: LogInContext,
  { registry }: Connection,
  request: LogInRequest,
): Promise<Secret> {
  const { prompter } = context;
  const username =
    request.username ??
    (await prompter.text({
      message: `user name at ${registry.displayUrl}`,
      instead: 'pass --username <name>, or a token with --token-stdin',
    }));
  const email = request.signUp ? (request.email ?? (await askEmail(context))) : undefined;
  const password = await passwordFor(context, request);
  const source = oneTimePasswordSource(context, request.oneTimePassword);
  return await withSecondFactor(source, (oneTimePassword) =>
    registry.logIn({ username: username.trim(), password, email, oneTimePassword }),
  );
}

function askEmail({ prompter }: LogInContext): Promise<string> {
  return prompter.text({ message: 'e-mail address', instead: 'pass --email <address>' });
}

async function passwordFor(context: LogInContext, request: LogInRequest): Promise<Secret> {
  if (request.standardInput === 'password') return await readSecretLine(context, 'password');
  const instead = 'pass --password-stdin, or a token with --token-stdin';
  const password = await context.prompter.secret({ message: 'password', instead });
  if (!request.signUp) return password;
  const again = await context.prompter.secret({ message: 'password, once more', instead });
  if (again.expose() !== password.expose()) {
    throw new PubError('E_USAGE', 'the two passwords differ', {
      hint: 'run the command again; nothing was sent',
    });
  }
  return password;
}

/** A token nobody has would stay valid unseen. The failure that made it so is the one to tell. */
async function revokeQuietly({ registry }: Connection, token: Secret): Promise<void> {
  try {
    await registry.revoke(token);
  } catch {
    // What went wrong before is thrown by the caller.
  }
}

function report({ terminal }: LogInContext, { registry }: Connection, account: string | undefined): void {
  const who = account === undefined ? '' : `as ${account} `;
  terminal.status('Logged in', `${who}at ${registry.displayUrl}`);
  terminal.status('Stored', 'the token in the keychain of this computer');
  terminal.result({ account: account ?? null, registry: registry.displayUrl, storedIn: 'keychain' }, '');
}
