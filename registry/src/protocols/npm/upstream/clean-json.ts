import { isJsonObject, type Json } from '../../../strict-json.ts';

/** Deeper than any manifest; below what recursion could not stand. */
const deepest = 100;

/** C0 and C1 controls and DEL, but for tab and line feed: what a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * JSON of somebody else, in a form that may be passed on: no control characters for a terminal to obey, no
 * `__proto__`, no depth that breaks who walks it. Throws for the last.
 */
export function cleanJson(value: Json, depth = 0): Json {
  if (typeof value === 'string') return value.replaceAll(controls, '');
  if (depth > deepest) throw new Error(`it is nested deeper than ${deepest} levels`);
  if (Array.isArray(value)) return value.map((entry) => cleanJson(entry, depth + 1));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(
    ([key, member]) => [key.replaceAll(controls, ''), cleanJson(member, depth + 1)] as const,
  );
  return Object.fromEntries(members.filter(([key]) => key !== '__proto__'));
}
