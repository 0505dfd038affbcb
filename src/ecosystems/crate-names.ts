/**
 * True for what can be a crate's name. crates.io: ASCII, a letter first, at most 64; other registries are no freer than
 * this. A name becomes part of paths, so nothing else is let through.
 */
export function isCrateName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name);
}
