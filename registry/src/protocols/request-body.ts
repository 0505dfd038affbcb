import type { FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../strict-json.ts';

/** Reading the members of a JSON body. Every value is checked before it is used. */

/** The body as an object. */
export function bodyObject(request: FastifyRequest): JsonObject {
  const body = request.body as Json | undefined;
  if (!isJsonObject(body)) throw new Refusal('bad_request', 'the body is not a JSON object');
  return body;
}

/** A string member of a body; `undefined` when it is missing or null. */
export function optionalString(body: JsonObject, key: string): string | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new Refusal('bad_request', `"${key}" is not a string`);
  return value;
}

/** A list of texts in a body; `undefined` when it is missing or null. */
export function stringList(body: JsonObject, key: string): readonly string[] | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new Refusal('bad_request', `"${key}" is not a list of texts`);
}

export function numberIn(body: JsonObject, key: string): number | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  throw new Refusal('bad_request', `"${key}" is not a number`);
}

export function flag(body: JsonObject, key: string): boolean | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw new Refusal('bad_request', `"${key}" is not true or false`);
}

export function requiredString(body: JsonObject, key: string): string {
  const value = optionalString(body, key);
  if (value === undefined || value === '') throw new Refusal('bad_request', `"${key}" is missing`);
  return value;
}

export function accessValue(value: string | undefined): 'public' | 'restricted' | undefined {
  if (value === undefined || value === 'public' || value === 'restricted') return value;
  throw new Refusal('bad_request', 'access is either public or restricted');
}
