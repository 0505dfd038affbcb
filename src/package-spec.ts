import { PubError } from './errors.ts';

/** A package and one of its versions, as a person types it: `left-pad@1.3.0`, `@acme/tool@2.0.0-rc.1`. */
export interface PackageSpec {
  readonly name: string;
  /** `undefined` when only the package was named. */
  readonly version: string | undefined;
}

/**
 * Splits `name` or `name@version`. A scope's own `@` is not a separator. Says nothing about whether the name
 * or version is valid in an ecosystem. Throws `E_USAGE`.
 */
export function parsePackageSpec(text: string): PackageSpec {
  const at = text.indexOf('@', 1);
  const name = at === -1 ? text : text.slice(0, at);
  const version = at === -1 ? undefined : text.slice(at + 1);
  const scopeIsComplete = !name.startsWith('@') || /^@[^/]+\/[^/]+$/.test(name);
  if (!isWord(name) || !scopeIsComplete || (version !== undefined && !isWord(version))) {
    throw new PubError('E_USAGE', `\`${printable(text)}\` is not a package`, {
      hint: 'write it as name, name@version or @scope/name@version',
    });
  }
  return { name, version };
}

/** A package and a range of its versions, such as `left-pad@<1.3.0`; all versions where none is named. Throws `E_USAGE`. */
export function parsePackageRange(text: string): { readonly name: string; readonly range: string } {
  const at = text.indexOf('@', 1);
  const { name } = parsePackageSpec(at === -1 ? text : text.slice(0, at));
  const range = at === -1 ? '*' : text.slice(at + 1).trim();
  return { name, range: range === '' ? '*' : range };
}

function isWord(text: string): boolean {
  return text.length > 0 && text.length <= 512 && !/[\s\p{Cc}\p{Cf}]/u.test(text);
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 100);
}
