import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
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

type LogInContext = Pick<
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

/** Gives the account, which only the registry knows for sure. */
async function keep(
  { credentials, terminal }: LogInContext,
  { target, registry }: Connection,
  token: Secret,
): Promise<string> {
  const account = await registry.whoAmI(token);
  const earlier = await credentials.keychain.get(target);
  await credentials.keychain.store(target, account, token);
  if (earlier !== undefined) {
    terminal.note('The token kept before was replaced. It stays valid at the registry until it expires.');
  }
  return account;
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

function report({ terminal }: LogInContext, { registry }: Connection, account: string): void {
  terminal.status('Logged in', `as ${account} at ${registry.displayUrl}`);
  terminal.status('Stored', 'the token in the keychain of this computer');
  terminal.result({ account, registry: registry.displayUrl, storedIn: 'keychain' }, '');
}
