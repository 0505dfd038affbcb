import type { Json } from '../../../strict-json.ts';

/** Deeper than any manifest; below what recursion could not stand. */
const deepest = 100;
/** Members of one object: more than a package has versions. Beyond it a member takes a microsecond (measured). */
const widest = 100_000;

/** C0 and C1 controls and DEL, but for tab and line feed: what a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const allControls = new RegExp(controls, 'g');

/**
 * Makes JSON of somebody else fit to be passed on: no control characters for a terminal to obey, no `__proto__`, no
 * depth that breaks who walks it. Throws for the last. What was parsed just now is changed in its place: most of it
 * stays as it is.
 */
export function cleanJson(parsed: unknown): Json {
  return clean(parsed, 0) as Json;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutControls(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new Error(`it is nested deeper than ${deepest} levels`);
  if (Array.isArray(value)) cleanEntries(value, depth + 1);
  else cleanMembers(value as Record<string, unknown>, depth + 1);
  return value;
}

function cleanEntries(list: unknown[], depth: number): void {
  // Not by its entries, which takes ten times as long.
  for (let index = 0; index < list.length; index++) {
    const cleaned = clean(list[index], depth);
    if (cleaned !== list[index]) list[index] = cleaned;
  }
}

function cleanMembers(object: Record<string, unknown>, depth: number): void {
  const keys = Object.keys(object);
  if (keys.length > widest) throw new Error(`it has an object of more than ${widest} members`);
  for (const key of keys) {
    const member = object[key];
    const cleaned = clean(member, depth);
    const cleanKey = withoutControls(key);
    if (cleanKey !== key || key === '__proto__') {
      delete object[key];
      if (cleanKey !== '__proto__') object[cleanKey] = cleaned;
    } else if (cleaned !== member) object[key] = cleaned;
  }
}

function withoutControls(text: string): string {
  return controls.test(text) ? text.replaceAll(allControls, '') : text;
}
