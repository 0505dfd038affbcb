import { parse, type TomlTable, type TomlValue } from 'smol-toml';
import { PubError } from '../errors.ts';

/*
 * Adds a credential provider to the text of cargo's configuration, and takes it out again. What a person wrote, down
 * to comments and spaces, is not touched: TOML writers lose it. Each edit is found by a simple search and then
 * judged by a parser: it counts only if it changed the list of providers and nothing else. A search that found the
 * wrong place, such as one inside of a comment or a text, is thus of no consequence.
 */

const key = 'global-credential-providers';
/** What cargo takes where no list is written; with a list it has to be named. */
const cargosDefault = 'cargo:token';
const mark = '# by `pub setup cargo`; `pub setup cargo --undo` removes this line';

export type CargoTable = TomlTable;

/** The text with `provider` as the last of the list, which cargo asks first; the same text if it stands there. */
export function addProvider(text: string, provider: string): string {
  const table = parseConfig(text);
  const before = providersOf(table);
  if (before?.includes(provider)) return text;
  const after = [...(before ?? [cargosDefault]), provider];
  const edits = before === undefined ? newList(text, after) : longerLists(text, provider);
  return judged(edits, withProviders(table, after));
}

/** The text as it was before {@link addProvider}; the same text if the provider is not in the list. */
export function removeProvider(text: string, provider: string): string {
  const table = parseConfig(text);
  const before = providersOf(table);
  if (!before?.includes(provider)) return text;
  const whole = before.length === 2 && before[0] === cargosDefault;
  if (whole) {
    const edit = firstThatIs(withoutList(text, before), withProviders(table, undefined));
    if (edit !== undefined) return edit;
  }
  const after = before.filter((one) => one !== provider);
  return judged(shorterLists(text, provider), withProviders(table, after));
}

/** Throws `E_CONFIG` where the list is not one of texts: cargo would not take it either. */
export function providersOf(table: CargoTable): readonly string[] | undefined {
  const registry = table['registry'];
  const list = isTable(registry) ? registry[key] : undefined;
  if (list === undefined) return undefined;
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw new PubError('E_CONFIG', `\`registry.${key}\` is not a list of texts`, {
    hint: `write it as \`${key} = ["${cargosDefault}"]\` below \`[registry]\``,
  });
}

/** Throws the parser's own error, which shows the place. */
export function parseConfig(text: string): CargoTable {
  return parse(text, { integersAsBigInt: true });
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

function withProviders(table: CargoTable, providers: readonly string[] | undefined): CargoTable {
  const registry = isTable(table['registry']) ? table['registry'] : {};
  const { [key]: _, ...rest } = registry;
  if (providers !== undefined) return { ...table, registry: { ...rest, [key]: [...providers] } };
  return { ...table, registry: rest };
}

/** A line below `[registry]`, a member of `registry = { … }`, or, where there is neither, the first line. */
function* newList(text: string, providers: readonly string[]): Generator<string> {
  const entry = entryOf(providers);
  const line = `${entry} ${mark}`;
  const newline = newlineOf(text);
  for (const { end } of matches(text, headers)) {
    yield `${text.slice(0, end)}${newline}${line}${text.slice(end)}`;
  }
  for (const { end } of matches(text, inlineTables)) {
    const empty = text.slice(end).startsWith('}');
    yield `${text.slice(0, end)}${memberOf(providers)}${empty ? '' : ', '}${text.slice(end)}`;
  }
  yield `registry.${line}${newline}${text}`;
}

/** What {@link newList} makes, taken out again. */
function* withoutList(text: string, providers: readonly string[]): Generator<string> {
  const entry = entryOf(providers);
  for (const line of [`registry.${entry} ${mark}`, `${entry} ${mark}`]) {
    for (const newline of ['\r\n', '\n']) {
      if (text.startsWith(line + newline)) yield text.slice(line.length + newline.length);
      yield* cuts(text, newline + line);
    }
  }
  yield* cuts(text, `${memberOf(providers)}, `);
  yield* cuts(text, memberOf(providers));
}

/** After the last element of a list, before the comma, the spaces and the comments that may follow it. */
function* longerLists(text: string, provider: string): Generator<string> {
  for (const { end } of matches(text, lists)) {
    const { last } = elementsFrom(text, end);
    const added = last === undefined ? quoted(provider) : `, ${quoted(provider)}`;
    const at = last ?? end;
    yield `${text.slice(0, at)}${added}${text.slice(at)}`;
  }
}

function* shorterLists(text: string, provider: string): Generator<string> {
  for (const element of [quoted(provider), `'${provider}'`]) {
    yield* cuts(text, `, ${element}`);
    yield* cuts(text, `${element}, `);
    yield* cuts(text, element);
  }
}

/** Ends of lines that open the table; of the brace of one that is written in a line; of the bracket of the list. */
const headers = /^[ \t]*\[[ \t]*(?:registry|"registry"|'registry')[ \t]*\][ \t]*(?:#[^\r\n]*)?(?=\r?\n|$)/gm;
const inlineTables = /^[ \t]*(?:registry|"registry"|'registry')[ \t]*=[ \t]*\{[ \t]*/gm;
const lists =
  /(?:global-credential-providers|"global-credential-providers"|'global-credential-providers')[ \t]*=[ \t]*\[/g;

function* matches(text: string, pattern: RegExp): Generator<{ readonly end: number }> {
  for (const match of text.matchAll(pattern)) yield { end: match.index + match[0].length };
}

function* cuts(text: string, part: string): Generator<string> {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    yield text.slice(0, at) + text.slice(at + part.length);
  }
}

/** A text, a comment, or any other character, in a list of texts. */
const token = /"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|#[^\r\n]*|[\s\S]/gy;

/** Where the last text ends of a list whose elements begin at `start`. */
function elementsFrom(text: string, start: number): { readonly last: number | undefined } {
  let last: number | undefined;
  token.lastIndex = start;
  for (let match = token.exec(text); match !== null && match[0] !== ']'; match = token.exec(text)) {
    if (/^["']/.test(match[0])) last = token.lastIndex;
  }
  return { last };
}

function judged(edits: Iterable<string>, wanted: CargoTable): string {
  const edit = firstThatIs(edits, wanted);
  if (edit !== undefined) return edit;
  throw new PubError('E_CONFIG', `\`registry.${key}\` is written in a way that cannot be edited`, {
    hint: `write it as \`${key} = ["${cargosDefault}"]\` in lines of its own below \`[registry]\`, then repeat the command`,
  });
}

function firstThatIs(edits: Iterable<string>, wanted: CargoTable): string | undefined {
  for (const edit of edits) {
    const table = parsed(edit);
    if (table !== undefined && canonical(table) === canonical(wanted)) return edit;
  }
  return undefined;
}

function parsed(text: string): CargoTable | undefined {
  try {
    return parseConfig(text);
  } catch {
    return undefined;
  }
}

/** The same text for the same values, in whatever order; an empty `registry` is as good as none. */
function canonical(value: TomlValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isTable(value)) return typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${value}`;
  const members = Object.entries(value)
    .filter(([name, member]) => !(name === 'registry' && isTable(member) && Object.keys(member).length === 0))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.sort().join(',')}}`;
}

function entryOf(providers: readonly string[]): string {
  return `${key} = [${providers.map(quoted).join(', ')}]`;
}

/** Where no comment can mark what was added, the kind of quotes does: lists that were there get the other one. */
function memberOf(providers: readonly string[]): string {
  return `${key} = [${providers.map((one) => `'${one}'`).join(', ')}]`;
}

/** A basic text of TOML, which escapes as JSON does. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function newlineOf(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}
