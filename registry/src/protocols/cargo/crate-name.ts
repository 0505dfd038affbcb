import { Refusal } from '../../errors.ts';

/** The names of crates: crates.io's rules (2026-08), which cargo's own are a part of. */

const longestName = 64;

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** In their canonical form: crates that come with the compiler, and names that are no file names on Windows. */
const reserved =
  /^(?:alloc|compiler_builtins|core|panic_abort|panic_unwind|proc_macro|rust|rustc|rustdoc|std|test|unwind|con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/** Throws `bad_request` when no crate may have that name. */
export function parseCrateName(text: unknown): string {
  if (typeof text !== 'string' || !isCrateName(text)) {
    // The text itself is left out: it is not known to be fit for a terminal or a log.
    throw new Refusal(
      'bad_request',
      `not an acceptable crate name: expected a letter, then letters, digits, "-" and "_", at most ${longestName} characters`,
    );
  }
  if (reserved.test(canonicalName(text)))
    throw new Refusal('bad_request', `the crate name ${text} is reserved`);
  return text;
}

/** Says nothing about who may use it: a crate can depend on one that is not here. */
export function isCrateName(text: string): boolean {
  return text.length <= longestName && namePattern.test(text);
}

/** Equal for names that only one crate may have: `Foo-Bar` and `foo_bar` are read as the same. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Where the index keeps a crate: "Index files" of the Cargo book's registry index. Lower case. */
export function indexPath(name: string): string {
  const lower = name.toLowerCase();
  if (lower.length < 3) return `${lower.length}/${lower}`;
  if (lower.length === 3) return `3/${lower.charAt(0)}/${lower}`;
  return `${lower.slice(0, 2)}/${lower.slice(2, 4)}/${lower}`;
}
