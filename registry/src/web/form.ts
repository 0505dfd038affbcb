import type { FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';

/** Longer than anything a person types or a passkey answers. */
const longestField = 16 * 1024;

/** A field of the form that was sent; empty where it is missing. */
export function field(request: FastifyRequest, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name];
  if (value === undefined) return '';
  if (typeof value !== 'string' || value.length > longestField) {
    throw new Refusal('bad_request', `the field ${name} of this form is not acceptable`);
  }
  return value;
}
