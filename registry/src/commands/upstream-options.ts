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
}

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
