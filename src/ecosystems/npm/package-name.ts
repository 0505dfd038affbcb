import { isBuiltin } from 'node:module';

/**
 * What is wrong with a name for a new package, or `undefined`. The rules of npm's
 * `validate-npm-package-name`, as sentences that complete "the name …". Names from before these rules
 * (with capitals) are allowed: a registry may still hold such a package.
 */
export function flawOfPackageName(name: string): string | undefined {
  if (name.length === 0) return 'is empty';
  if (name.length > 214) return 'is longer than 214 characters';
  if (name !== name.trim()) return 'has spaces around it';
  const scoped = /^@([^/]+)\/([^/]+)$/.exec(name);
  if (name.startsWith('@') && scoped === null) return 'starts with `@` but is not of the form `@scope/name`';
  const parts = scoped === null ? [name] : scoped.slice(1);
  return parts.map(flawOfPart).find((flaw) => flaw !== undefined) ?? flawOfReserved(name);
}

function flawOfPart(part: string): string | undefined {
  if (part.startsWith('.')) return 'has a part that starts with a period';
  if (part.startsWith('-')) return 'has a part that starts with a hyphen';
  if (part.startsWith('_')) return 'has a part that starts with an underscore';
  if (/[~'!()*]/.test(part)) return "has one of the characters ~ ' ! ( ) *";
  if (encodeURIComponent(part) !== part) return 'has characters that do not belong in a URL';
  return undefined;
}

function flawOfReserved(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (lower === 'node_modules' || lower === 'favicon.ico') return 'is reserved';
  // Older core modules are importable without the `node:` prefix, so a package of that name cannot be.
  if (isBuiltin(lower) && !lower.includes(':')) return 'is the name of a module of Node.js';
  return undefined;
}

/** `acme-tool-1.0.0.tgz`: the name `npm pack` gives the file. */
export function archiveFileName(name: string, version: string): string {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
}
