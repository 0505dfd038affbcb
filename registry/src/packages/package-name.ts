import parse from 'semver/functions/parse.js';
import { Refusal } from '../errors.ts';

declare const checked: unique symbol;

/** The name of an npm package, with its scope, that passed `parsePackageName`. */
export type PackageName = string & { readonly [checked]: 'package name' };

/** A version that passed `parseVersion`: exactly one spelling of one semantic version. */
export type PackageVersion = string & { readonly [checked]: 'version' };

/** npm's own limit for new names, scope included. */
const longestName = 214;
/** The semver library's limit, which every npm client shares. */
const longestVersion = 256;

/**
 * npm's rules for new packages. Stricter in one place: a name begins with a letter or a digit even behind a
 * scope, because `-` begins this registry's own routes and `_` couch's. Names of Node's own modules are
 * allowed: `events` or `buffer` are packages, and whether to use one is the operator's business.
 */
const namePattern = /^(?:@[a-z0-9_-][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** Names that are folders or files of the tools that would hold the package. */
const reserved = new Set(['node_modules', 'favicon.ico']);

/** The name in `text`, decoded already. Throws `bad_request` when no new package may have that name. */
export function parsePackageName(text: unknown): PackageName {
  if (typeof text !== 'string') throw refused('package name');
  const acceptable = text.length <= longestName && namePattern.test(text) && !reserved.has(unscoped(text));
  if (!acceptable) throw refused('package name');
  return text as PackageName;
}

/**
 * Throws `bad_request` unless `text` is one semantic version in its only spelling: no leading `v`, no spaces,
 * no build metadata. Precedence ignores build metadata, so `1.0.0+a` and `1.0.0+b` would be one version with
 * two contents (semver.org §10).
 */
export function parseVersion(text: unknown): PackageVersion {
  if (typeof text !== 'string' || text.length > longestVersion) throw refused('version');
  const version = parse(text);
  if (version === null || version.version !== text) throw refused('version');
  return text as PackageVersion;
}

/** `tool` of `@acme/tool`; the name itself where there is no scope. Used in archive file names. */
export function unscoped(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** `@acme` of `@acme/tool`; `undefined` for a name without a scope. */
export function scopeOf(name: string): string | undefined {
  return name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined;
}

/** A scope by itself, with or without its `@`. Throws `bad_request` when no package could be in it. */
export function parseScope(text: string): string {
  const scope = text.startsWith('@') ? text : `@${text}`;
  if (scope.length >= longestName - 1 || !/^@[a-z0-9_-][a-z0-9._-]*$/.test(scope)) {
    throw new Refusal(
      'bad_request',
      'not an acceptable scope: expected the part of a package name before the slash',
    );
  }
  return scope;
}

// The text itself is left out: it is not known to be fit for a terminal or a log.
function refused(what: string): Refusal {
  const rule =
    what === 'version'
      ? 'a semantic version such as 1.2.3, without a leading v and without build metadata'
      : 'lower-case letters, digits, ".", "_" and "-", at most 214 characters, with an optional @scope/';
  return new Refusal('bad_request', `not an acceptable ${what}: expected ${rule}`);
}
