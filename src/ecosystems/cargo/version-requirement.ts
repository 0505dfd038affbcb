/**
 * A version requirement as cargo sends it, which is as its library prints it: a bare version means `^`, no space after
 * an operator, `x` and `X` are `*`.
 */
export function printedRequirement(text: string): string {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map(printedComparator).join(', ');
}

function printedComparator(text: string): string {
  const [, operator = '', version = ''] = /^(=|>=|>|<=|<|\^|~)?\s*(.*)$/.exec(text) ?? [];
  const printed = version.replace(/(^|\.)[xX](?=\.|$)/g, '$1*').replace(/(\.\*)+$/, '.*');
  const hasWildcard = /(^|\.)\*$/.test(printed);
  return `${operator === '' && !hasWildcard ? '^' : operator}${withoutBuild(printed)}`;
}

/** Build metadata counts for nothing in a requirement, and is not printed. */
function withoutBuild(version: string): string {
  return version.replace(/\+.*$/, '');
}
