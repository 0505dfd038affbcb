import { Refusal } from '../../errors.ts';
import { deceptive } from '../../releases/archive/bad-archive.ts';

/** Reads values of a `Cargo.toml` that somebody else wrote. Everything unexpected is refused, nothing guessed. */

/** As the TOML reader makes it: without a prototype, so that `constructor` is what the text says, or nothing. */
export type Table = { readonly [key: string]: unknown };

export function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === null
  );
}

export function badManifest(problem: string): Refusal {
  return new Refusal('bad_archive', `the Cargo.toml in the archive is refused: ${problem}`);
}

/** A name out of the manifest, fit to be repeated in a refusal. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80).replaceAll(new RegExp(deceptive, 'gu'), '?'));
}

export function tableIn(parent: Table, key: string): Table {
  const value = parent[key];
  if (value === undefined) return Object.create(null) as Table;
  if (!isTable(value)) throw badManifest(`${shown(key)} is not a table`);
  return value;
}

export function textIn(parent: Table, key: string): string | undefined {
  const value = parent[key];
  if (value === undefined || typeof value === 'string') return value;
  if (isTable(value) && value['workspace'] !== undefined) throw inherited(key);
  throw badManifest(`${shown(key)} is not a text`);
}

export function flagIn(parent: Table, key: string, otherwise: boolean): boolean {
  const value = parent[key];
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw badManifest(`${shown(key)} is not true or false`);
}

export function textsIn(parent: Table, key: string): string[] {
  const value = parent[key];
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  if (isTable(value) && value['workspace'] !== undefined) throw inherited(key);
  throw badManifest(`${shown(key)} is not a list of texts`);
}

/** cargo writes such values out when it packs: an archive has no workspace around it. */
export function inherited(key: string): Refusal {
  return badManifest(`${shown(key)} is taken from a workspace, and the archive has none`);
}

/** The value under the first of two spellings of one key, which may not both be there. */
export function spelled(parent: Table, key: string): string {
  const old = key.replaceAll('-', '_');
  if (old !== key && parent[old] !== undefined) {
    if (parent[key] !== undefined) throw badManifest(`${shown(key)} and ${shown(old)} are the same`);
    return old;
  }
  return key;
}
