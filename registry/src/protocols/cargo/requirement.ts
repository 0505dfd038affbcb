/**
 * Version requirements of Rust's semver crate, in the spelling cargo writes into an index: `1` is `^1`,
 * `>=1.2,<2` is `>=1.2, <2`. A requirement cargo cannot read makes it pass over the whole version.
 */

const number = '(?:0|[1-9][0-9]{0,18})';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
/** Spaces belong to it, with one place for each of them: cutting them off first takes the square of their number. */
const comparator = new RegExp(
  `^ *(?:(=|>=|>|<=|<|~|\\^) *)?(${number})(?:\\.(${number}|[*xX]))?(?:\\.(${number}|[*xX]))?((?:-${identifiers})?)((?:\\+${identifiers})?) *$`,
);

/** The semver crate's limit. */
const mostComparators = 32;

/** `undefined` for what is no requirement. */
export function normaliseRequirement(text: string): string | undefined {
  if (/^ *[*xX] *$/.test(text)) return '*';
  const parts = text.split(',').map(normaliseComparator);
  if (parts.length > mostComparators || parts.includes(undefined)) return undefined;
  return parts.join(', ');
}

function normaliseComparator(text: string): string | undefined {
  const match = comparator.exec(text);
  if (match === null) return undefined;
  const [, operator, major, minor, patch, pre = '', build = ''] = match;
  const wild = [minor, patch].some(isWildcard);
  // Behind a wildcard only another one may follow, and nothing that tells releases of one version apart.
  if (isWildcard(minor) && patch !== undefined && !isWildcard(patch)) return undefined;
  if (pre + build !== '' && (patch === undefined || wild)) return undefined;
  if (/[-.]0[0-9]+(?=\.|$)/.test(pre)) return undefined;
  const exact = [major, minor, patch].filter((part) => part !== undefined && !isWildcard(part)).join('.');
  return wild && operator === undefined ? `${exact}.*` : `${operator ?? '^'}${exact}${pre}`;
}

function isWildcard(part: string | undefined): boolean {
  return part !== undefined && /^[*xX]$/.test(part);
}
