/**
 * The condition of a target's dependencies: the name of a target, or `cfg(…)`, in the spelling cargo writes
 * into an index. One that cargo cannot read makes it pass over the whole version.
 */

const targetName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const longestPlatform = 2_000;
const deepest = 30;
const token = /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|("[^"\p{Cc}]*")|([(),=]))/uy;

/** `undefined` for what is neither. */
export function normalisePlatform(text: string): string | undefined {
  if (!text.startsWith('cfg(')) return targetName.test(text) ? text : undefined;
  const tokens = tokenize(text);
  if (tokens === undefined || tokens.at(-1) !== ')') return undefined;
  const inner = tokens.slice(2, -1);
  const found = readExpression(inner, 0, 0);
  return found?.next === inner.length ? `cfg(${found.text})` : undefined;
}

function tokenize(text: string): string[] | undefined {
  if (text.length > longestPlatform) return undefined;
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const match = token.exec(text);
    if (match === null) return undefined;
    tokens.push(match[0].trim());
  }
  return tokens;
}

interface Found {
  readonly text: string;
  readonly next: number;
}

/** `name`, `name = "value"`, or `all(…)`, `any(…)`, `not(…)`. */
function readExpression(tokens: readonly string[], at: number, depth: number): Found | undefined {
  const name = tokens[at];
  if (name === undefined || !/^[A-Za-z_]/.test(name) || depth > deepest) return undefined;
  if (tokens[at + 1] === '(' && /^(?:all|any|not)$/.test(name)) return readList(tokens, at, depth);
  if (tokens[at + 1] !== '=') return { text: name, next: at + 1 };
  const value = tokens[at + 2];
  return value?.startsWith('"') ? { text: `${name} = ${value}`, next: at + 3 } : undefined;
}

function readList(tokens: readonly string[], at: number, depth: number): Found | undefined {
  const parts: string[] = [];
  let next = at + 2;
  while (tokens[next] !== ')') {
    const found = readExpression(tokens, next, depth + 1);
    if (found === undefined) return undefined;
    parts.push(found.text);
    next = found.next;
    if (tokens[next] === ',') next++;
    else if (tokens[next] !== ')') return undefined;
  }
  if (tokens[at] === 'not' && parts.length !== 1) return undefined;
  return { text: `${tokens[at]}(${parts.join(', ')})`, next: next + 1 };
}
