import type { ListedToken, TokenScope, TokenSettings } from '../ecosystems/tokens.ts';
import { PubError } from '../errors.ts';
import type { Json } from '../json.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { passwordFor } from './account-password.ts';
import { openAuthenticated } from './authenticated.ts';
import type { LogInContext } from './log-in.ts';
import { oneTimePasswordSource } from './one-time-password.ts';

/** What a token may be asked to do, in the order of a help text. */
export const tokenScopes = [
  'read',
  'stage',
  'publish',
  'yank',
  'owners',
] as const satisfies readonly TokenScope[];

interface TokenRequest {
  readonly registry: string | undefined;
}

interface TokenChange extends TokenRequest {
  readonly oneTimePassword: Secret | undefined;
}

/** Prints the tokens of the account that work. */
export async function listTokens(context: LogInContext, request: TokenRequest): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const tokens = await withToken((token) => registry.tokens(token));
  context.terminal.result({ tokens: tokens.map(asJson) }, tokens.map(asLine).join('\n'));
}

/** Makes a token and prints it: this once, on stdout alone, so that it can be piped to where it belongs. */
export async function createToken(
  context: LogInContext,
  request: TokenChange & { readonly settings: TokenSettings; readonly passwordFromStandardInput: boolean },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const password = await passwordFor(context, request);
  const { token, listed } = await withSecondFactor(
    oneTimePasswordSource(context, request.oneTimePassword, registry),
    (oneTimePassword) =>
      withToken((current) =>
        registry.createToken({ token: current, oneTimePassword }, password, request.settings),
      ),
  );
  context.terminal.status('Created', `the token ${request.settings.name} (${describe(listed)})`);
  const left = unconfirmed(request.settings, listed);
  if (left.length > 0) {
    context.terminal.warn(
      `${registry.displayUrl} does not say that it keeps to ${left.join(', ')}: this token may do more than you asked for. \`pub token revoke ${listed.key.slice(0, 12)}\` ends it`,
    );
  }
  context.terminal.note('It is shown only now: put it where it is used, and nowhere else.');
  context.terminal.result({ ...asJson(listed), token: token.expose() }, token.expose());
}

/** The limits that were asked for and are not in the answer: some registries take all of them, and keep none. */
function unconfirmed(asked: TokenSettings, { scopes, readOnly, packages, networks, expires }: ListedToken) {
  const readsOnly = readOnly && asked.scopes.every((scope) => scope === 'read');
  return [
    ...(scopes === undefined && !readsOnly ? ['its scopes'] : []),
    ...(asked.packages.length > 0 && packages.length === 0 ? ['its packages'] : []),
    ...(asked.networks.length > 0 && networks.length === 0 ? ['its networks'] : []),
    ...(asked.days !== undefined && expires === undefined ? ['when it ends'] : []),
  ];
}

/** npm and `pub token list` show six digits of a key. */
const shortestKey = 6;

export async function revokeToken(
  context: LogInContext,
  request: TokenChange & { readonly key: string },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const found = findToken(await withToken((token) => registry.tokens(token)), request.key);
  await withSecondFactor(
    oneTimePasswordSource(context, request.oneTimePassword, registry),
    (oneTimePassword) => withToken((token) => registry.revokeToken({ token, oneTimePassword }, found.key)),
  );
  context.terminal.status('Revoked', `the token ${found.name ?? found.key}`);
  context.terminal.result({ revoked: found.key, name: found.name ?? null }, '');
}

/** By its key or the beginning of it, or by its name where that is the only one of that name. */
function findToken(tokens: readonly ListedToken[], which: string): ListedToken {
  const byKey = which.length < shortestKey ? [] : tokens.filter(({ key }) => key.startsWith(which));
  const matches = byKey.length > 0 ? byKey : tokens.filter(({ name }) => name === which);
  const [found, ...more] = matches;
  if (found !== undefined && more.length === 0) return found;
  const why = found === undefined ? 'no token of yours has that key or name' : 'more than one token fits';
  throw new PubError('E_NOT_FOUND', `failed to find the token \`${which}\``, {
    cause: new Error(why),
    hint: 'run `pub token list`, and give more of the key',
  });
}

function asLine(token: ListedToken): string {
  return `${token.key.slice(0, 12)}  ${token.name ?? '(no name)'}  ${describe(token)}`;
}

function describe(token: ListedToken): string {
  const { packages, networks, expires, lastUsed } = token;
  return [
    mayDo(token),
    packages.length > 0 ? packages.join(' ') : 'all packages',
    ...(networks.length > 0 ? [`from ${networks.join(' ')}`] : []),
    ...(expires === undefined ? [] : [`until ${expires.slice(0, 10)}`]),
    ...(lastUsed === undefined ? [] : [`last used ${lastUsed.slice(0, 10)}`]),
  ].join('; ');
}

function mayDo({ scopes, readOnly }: ListedToken): string {
  return scopes?.join(', ') ?? (readOnly ? 'read' : 'everything your account may');
}

function asJson(token: ListedToken): { readonly [key: string]: Json } {
  return {
    key: token.key,
    name: token.name ?? null,
    scopes: token.scopes ?? null,
    readOnly: token.readOnly,
    packages: token.packages,
    networks: token.networks,
    created: token.created ?? null,
    expires: token.expires ?? null,
    lastUsed: token.lastUsed ?? null,
  };
}
