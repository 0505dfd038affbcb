import type { AskedSettings } from '../../accounts/tokens/settings.ts';
import { Refusal } from '../../errors.ts';
import type { JsonObject } from '../../strict-json.ts';
import { flag, numberIn, optionalString, stringList } from '../request-body.ts';

/**
 * The token that `POST /-/npm/v1/tokens` asks for, in the three shapes there are: npm's of 2026, the same under
 * the names of npm's API documentation, and the one before. What is not enforced here is refused, and so is
 * every member nobody knows: a limit that is dropped in silence is a token that can do more than was asked.
 */
const known = new Set([
  'name',
  'password',
  'description',
  'token_description',
  'packages',
  'packages_all',
  'scopes',
  'packages_and_scopes_permission',
  'orgs',
  'orgs_permission',
  'expires',
  'cidr_whitelist',
  'cidr',
  'bypass_2fa',
  'readonly',
]);

/** What npm's permissions are here. Owners, access and policy are for logins, and for tokens that name them. */
const permissions: Readonly<Record<string, readonly string[]>> = {
  'read-only': ['read'],
  'read-write-stage-only': ['read', 'stage'],
  'read-write': ['read', 'stage', 'publish', 'yank'],
};

export function readTokenRequest(body: JsonObject): AskedSettings {
  refuseUnsupported(body);
  const permission = optionalString(body, 'packages_and_scopes_permission');
  return {
    name: optionalString(body, 'name') ?? 'npm token',
    description: either('description', 'token_description', (key) => optionalString(body, key)),
    scopes: permission === undefined ? legacyScopes(body) : scopesOf(permission),
    packages: packagesIn(body, permission !== undefined),
    networks: nonEmpty(either('cidr_whitelist', 'cidr', (key) => stringList(body, key))),
    days: numberIn(body, 'expires'),
  };
}

function refuseUnsupported(body: JsonObject): void {
  const unknown = Object.keys(body).filter((key) => !known.has(key));
  if (unknown.length > 0) throw unsupported('the request for a token has members that mean nothing here');
  if (flag(body, 'bypass_2fa'))
    throw unsupported('no token of this registry goes round a second factor: leave out bypass-2fa');
  const organisations = stringList(body, 'orgs') ?? [];
  const permission = optionalString(body, 'orgs_permission') ?? 'no-access';
  if (organisations.length > 0 || permission !== 'no-access')
    throw unsupported('tokens of this registry have no permissions in organisations');
}

function scopesOf(permission: string): readonly string[] {
  const scopes = Object.hasOwn(permissions, permission) ? permissions[permission] : undefined;
  if (scopes !== undefined) return scopes;
  throw new Refusal(
    'bad_request',
    `the permission for packages and scopes is one of ${Object.keys(permissions).join(', ')}`,
  );
}

/** Without a word about writing it is a token that reads. */
function legacyScopes(body: JsonObject): readonly string[] {
  return scopesOf(flag(body, 'readonly') === false ? 'read-write' : 'read-only');
}

/** The shape of 2026 says which packages, or that it is all of them. The one before knew no others. */
function packagesIn(body: JsonObject, granular: boolean): readonly string[] | undefined {
  const names = stringList(body, 'packages') ?? [];
  const scopes = (stringList(body, 'scopes') ?? []).map((scope) => `@${scope.replace(/^@/, '')}/*`);
  const all = (flag(body, 'packages_all') ?? false) || names.includes('*');
  const named = [...names.filter((name) => name !== '*'), ...scopes];
  if (all && named.length > 0)
    throw new Refusal('bad_request', 'a token is for all packages, or for those it names: not both');
  if (named.length > 0) return named;
  if (all || !granular) return undefined;
  throw new Refusal('bad_request', 'say what the token is for: packages, scopes, or all packages');
}

function either<T>(one: string, other: string, read: (key: string) => T | undefined): T | undefined {
  const values = [read(one), read(other)].filter((value) => value !== undefined);
  if (values.length > 1)
    throw new Refusal('bad_request', `"${one}" and "${other}" are two names of the same thing`);
  return values[0];
}

/** npm sends an empty list where nothing was asked for. */
function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function unsupported(message: string): Refusal {
  return new Refusal('unsupported', message);
}
