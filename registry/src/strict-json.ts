import { jsonParser } from 'stream-json/core/parser.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text is not JSON, or JSON that two readers may understand differently. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

export type JsonToken = { readonly name: string; readonly value?: unknown };

/** Beyond any document of a client; below what recursion in a later step could not stand. */
const deepest = 100;
/** Bounds memory: an empty object takes three bytes of text and two hundred of memory (measured). */
const mostValues = 500_000;

type Container = { [key: string]: Json } | Json[];

/**
 * Builds values out of the tokens of a JSON text that somebody else wrote. A key that occurs twice in one
 * object is refused, since readers disagree about which one counts, and so is `__proto__`. Objects have no
 * prototype: `object['constructor']` is what the text says, or undefined.
 */
export class JsonBuilder {
  readonly #open: { readonly container: Container; key: string }[] = [];
  #text = '';
  #values = 0;

  /** Takes one token in. Returns true when a value is complete, which `take` then gives. */
  add(token: JsonToken): boolean {
    switch (token.name) {
      case 'startObject':
        return this.#begin(Object.create(null));
      case 'startArray':
        return this.#begin([]);
      case 'endObject':
      case 'endArray':
        return this.#put(this.#open.pop()?.container as Json);
      case 'startKey':
      case 'startString':
      case 'startNumber':
        this.#text = '';
        return false;
      case 'stringChunk':
      case 'numberChunk':
        this.#text += token.value;
        return false;
      default:
        return this.#end(token);
    }
  }

  #end(token: JsonToken): boolean {
    if (token.name === 'endString') return this.#put(this.#text);
    if (token.name === 'endNumber') return this.#put(Number(this.#text));
    if (token.name !== 'endKey') return this.#put(token.value as null | boolean);
    const object = this.#open.at(-1);
    if (object) object.key = uniqueKey(object.container, this.#text);
    return false;
  }

  #value: Json = null;

  take(): Json {
    return this.#value;
  }

  #begin(container: Container): boolean {
    if (this.#open.length >= deepest) throw new JsonError(`it is nested deeper than ${deepest} levels`);
    this.#open.push({ container, key: '' });
    return false;
  }

  #put(value: Json): boolean {
    if (++this.#values > mostValues) throw new JsonError(`it has more than ${mostValues} values`);
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      this.#value = value;
      return true;
    }
    if (Array.isArray(parent.container)) parent.container.push(value);
    else parent.container[parent.key] = value;
    return false;
  }
}

/** Returns `key`, unless it is there already or is `__proto__`. */
export function uniqueKey(object: object, key: string): string {
  if (key === '__proto__') throw new JsonError('the key "__proto__" is not accepted');
  if (Object.hasOwn(object, key)) throw new JsonError(`the key "${printable(key)}" occurs twice`);
  return key;
}

function printable(key: string): string {
  return key.slice(0, 100).replaceAll(/[^\x20-\x7e]/g, '?');
}

/** A function that takes a JSON text piece by piece and returns the tokens each piece completes. */
export function createTokenizer(): (text: string) => readonly JsonToken[] {
  const parse = jsonParser({ packValues: false });
  return (text) => {
    try {
      const tokens = parse(text);
      return typeof tokens === 'symbol' || tokens === undefined
        ? []
        : (tokens as { values: JsonToken[] }).values;
    } catch (error) {
      throw new JsonError('it is not valid JSON', { cause: error });
    }
  };
}

/** The object in `text`. Throws `JsonError`. */
export function parseStrictJsonObject(text: string): JsonObject {
  const builder = new JsonBuilder();
  let complete = false;
  for (const token of createTokenizer()(text)) complete = builder.add(token);
  const value = complete ? builder.take() : undefined;
  if (value === undefined) throw new JsonError('it is not valid JSON');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new JsonError('it is not an object');
  return value as JsonObject;
}
