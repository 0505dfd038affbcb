import { Refusal } from '../../errors.ts';
import { parsePackageName } from '../../packages/package-name.ts';
import { parseNetwork } from './networks.ts';
import { isTokenScope, type TokenScope, tokenScopes } from './scopes.ts';

/** What somebody asks for who makes a token: every member is a limit that is enforced. */
export interface TokenSettings {
  readonly name: string;
  readonly description: string | undefined;
  readonly scopes: readonly TokenScope[];
  /** Names of packages and `@scope/*`; nothing for all packages. */
  readonly packages: readonly string[] | undefined;
  /** IPv4 and IPv6 networks; nothing for all. */
  readonly networks: readonly string[] | undefined;
  /** Days until it ends. */
  readonly days: number;
}

/** The same before anything of it was checked; the protocols' and the pages' common form. */
export interface AskedSettings {
  readonly name: string;
  readonly description?: string | undefined;
  readonly scopes: readonly string[];
  readonly packages?: readonly string[] | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly days?: number | undefined;
}

/** npm's rule of 2026 for tokens that may write: seven days unless asked otherwise, ninety at most. */
const defaultDays = 7;
const mostDays = 90;
/** For a token that can only read. */
const mostDaysReading = 365;
const longestList = 50;
const longestName = 100;
const longestDescription = 500;

/** Throws `bad_request` and says what is wrong. */
export function parseTokenSettings(asked: AskedSettings): TokenSettings {
  const scopes = parseScopes(asked.scopes);
  return {
    name: parseText(asked.name, 'the name of a token', longestName),
    description:
      asked.description === undefined || asked.description === ''
        ? undefined
        : parseText(asked.description, 'the description of a token', longestDescription),
    scopes,
    packages: parseList(asked.packages, 'packages', parsePackagePattern),
    networks: parseList(asked.networks, 'networks', parseNetwork),
    days: parseDays(asked.days ?? defaultDays, scopes),
  };
}

function parseScopes(asked: readonly string[]): TokenScope[] {
  if (asked.length === 0 || !asked.every(isTokenScope))
    throw new Refusal('bad_request', `a token has at least one of the scopes ${tokenScopes.join(', ')}`);
  return tokenScopes.filter((scope) => asked.includes(scope));
}

/** One line of plain text: it is printed in terminals and mails. */
function parseText(text: string, what: string, longest: number): string {
  if (text.trim() === '' || text.length > longest || /\p{C}/u.test(text))
    throw new Refusal('bad_request', `${what} is one line of 1 to ${longest} characters`);
  return text;
}

/** An empty list is refused: it would be a token for nothing, or be read as one for everything. */
function parseList(
  asked: readonly string[] | undefined,
  what: string,
  parse: (text: string) => string,
): string[] | undefined {
  if (asked === undefined) return undefined;
  if (asked.length === 0 || asked.length > longestList)
    throw new Refusal('bad_request', `a token names 1 to ${longestList} ${what}, or none at all`);
  return [...new Set(asked.map(parse))].sort();
}

/** npm's packages are named as they are, those of another ecosystem with that before it: `cargo:tool`. */
const ofAnotherEcosystem = /^(?!npm:)[a-z]{1,20}:[A-Za-z0-9][A-Za-z0-9._-]{0,213}$/;

/** `@acme/tool`, `tool`, every package of a scope: `@acme/*`, or `cargo:tool`. */
function parsePackagePattern(text: string): string {
  if (ofAnotherEcosystem.test(text)) return text;
  if (!text.endsWith('/*')) return parsePackageName(text);
  parsePackageName(`${text.slice(0, -1)}x`);
  if (!text.startsWith('@')) throw new Refusal('bad_request', 'only a scope has packages: @acme/*');
  return text;
}

function parseDays(days: number, scopes: readonly TokenScope[]): number {
  const most = scopes.every((scope) => scope === 'read') ? mostDaysReading : mostDays;
  if (Number.isSafeInteger(days) && days >= 1 && days <= most) return days;
  throw new Refusal('bad_request', `a token with these scopes lives for 1 to ${most} days`);
}
