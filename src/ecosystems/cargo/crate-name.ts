import { PubError } from '../../errors.ts';
import { isCrateName } from '../crate-names.ts';

/** Throws `E_USAGE` for what cannot be a crate's name. */
export function requireCrateName(name: string): void {
  if (isCrateName(name)) return;
  throw new PubError('E_USAGE', 'that is not the name of a crate', {
    hint: 'crates are named with letters, digits, `-` and `_`, a letter first',
  });
}

/** Throws `E_USAGE` for what is not a semantic version, written in full. */
export function requireCrateVersion(version: string): void {
  if (/^\d{1,19}\.\d{1,19}\.\d{1,19}([-+][0-9A-Za-z.+-]{1,120})?$/.test(version)) return;
  throw new PubError('E_USAGE', 'that is not the version of a crate', {
    hint: 'write it in full, such as 1.0.0',
  });
}

/** Where the index has the file of a crate: by the first letters of its name in lower case. */
export function indexPath(name: string): string {
  const lower = name.toLowerCase();
  if (lower.length <= 2) return `${lower.length}/${lower}`;
  if (lower.length === 3) return `3/${lower[0]}/${lower}`;
  return `${lower.slice(0, 2)}/${lower.slice(2, 4)}/${lower}`;
}
