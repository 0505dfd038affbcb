import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { Refusal } from './errors.ts';

/** The framework's own refusals, in our words; `undefined` for what is a fault of ours. */
export function refusalOf(error: FastifyError): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('too_large', 'the body is too large');
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  return new Refusal('bad_request', `the request is refused: ${STATUS_CODES[status] ?? status}`, {
    cause: error,
  });
}
