import type { Command } from 'commander';
import { isLoopback } from '../loopback.ts';
import { parsePackageName, parseScope } from '../packages/package-name.ts';

/** What the command line says of other registries, each value checked by itself. */
export interface UpstreamOptions {
  readonly upstream?: string;
  /** Addresses by scope. */
  readonly upstreamScope?: ReadonlyMap<string, string>;
  readonly upstreamArchives?: readonly string[];
  readonly localName?: readonly string[];
  /** Bytes. */
  readonly upstreamCache?: number;
}

/** Some tens of thousands of packages with their archives, on the disk of a small machine. */
export const defaultCacheBytes = 10e9;

/** A few times the largest packument and the largest archive: less would be one after the other. */
const leastCacheBytes = 500e6;

export function withUpstreams(command: Command): Command {
  // Our own message, without the text: commander's repeats what may hold a password.
  const checkedBy =
    <T>(option: string, parse: (text: string, before: T | undefined) => T | undefined) =>
    (text: string, before: T | undefined): T =>
      parse(text, before) ?? command.error(`error: ${option}`, { exitCode: 2 });
  return command
    .option(
      '--upstream <url>',
      'another npm registry, read through this one for names that belong to nobody here; its token, if it takes one, in PUB_REGISTRY_UPSTREAM_TOKEN',
      checkedBy(`--upstream ${anAddress}`, parseAddress),
    )
    .option(
      '--upstream-scope <@scope=url>',
      'the same for one scope; may be given several times; the token in PUB_REGISTRY_UPSTREAM_TOKEN_<SCOPE>',
      checkedBy(`--upstream-scope is not a new @scope=url, or its url ${anAddress}`, addScope),
    )
    .option(
      '--upstream-archives <url>',
      'another host that archives from upstream may come from; it never gets a token; may be given several times',
      checkedBy(`--upstream-archives ${anAddress}`, addOrigin),
    )
    .option(
      '--upstream-cache <size>',
      'how much of what was read from upstream is kept on disk, such as 500MB or 2TB; what was not used for longest goes first (default: 10GB)',
      checkedBy('--upstream-cache is not a size of at least 500MB, in MB, GB or TB', parseSize),
    )
    .option(
      '--local-name <name>',
      'a package or a @scope that is never asked for upstream, and may be made here; may be given several times',
      checkedBy('--local-name is not the name of a package or of a @scope', addLocalName),
    );
}

const anAddress = 'is not an https URL without credentials, query or fragment';

/** Over TLS, or on this machine: what comes from there is run by everybody who installs it. */
function parseAddress(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.username || url.password || url.search || url.hash) return undefined;
  const loopback = isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) return undefined;
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

type ByScope = ReadonlyMap<string, string>;

function addScope(text: string, before: ByScope = new Map()): ByScope | undefined {
  const [scope = '', ...rest] = text.split('=');
  const url = parseAddress(rest.join('='));
  return isScope(scope) && !before.has(scope) && url !== undefined
    ? new Map(before).set(scope, url)
    : undefined;
}

function addOrigin(text: string, before: readonly string[] = []): readonly string[] | undefined {
  const url = parseAddress(text);
  return url === undefined ? undefined : [...before, new URL(url).origin];
}

function addLocalName(text: string, before: readonly string[] = []): readonly string[] | undefined {
  return isScope(text) || passes(() => parsePackageName(text)) ? [...before, text] : undefined;
}

const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };

function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)([MGT]B)$/.exec(text) ?? [];
  const bytes = Number(digits) * (units[unit] ?? Number.NaN);
  return bytes >= leastCacheBytes ? bytes : undefined;
}

function isScope(text: string): boolean {
  return text.startsWith('@') && passes(() => parseScope(text));
}

function passes(check: () => string): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
