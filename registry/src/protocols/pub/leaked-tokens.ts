import type { FastifyRequest } from 'fastify';
import { reportLeakedTokens } from '../../accounts/tokens/leaked.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Json } from '../../strict-json.ts';
import { bodyObject, optionalString } from '../request-body.ts';

/** `POST /-/pub/v1/leaked-tokens`: docs/protocol.md, "Leak reports". Anybody may; no answer tells what was found. */

const mostTokens = 100;
/** Longer than any token, and than what a scanner may have cut out around it. */
const longestToken = 256;
const longestSource = 500;

export async function postLeakedTokens(services: Services, request: FastifyRequest) {
  const body = bodyObject(request);
  const tokens = parseTokens(body['tokens']);
  const source = parseSource(optionalString(body, 'source'));
  await reportLeakedTokens(services, { tokens, source, address: request.ip });
  return { received: tokens.length };
}

function parseTokens(value: Json | undefined): string[] {
  const acceptable =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= mostTokens &&
    value.every((token) => typeof token === 'string' && token.length <= longestToken);
  if (acceptable) return value as string[];
  throw new Refusal(
    'bad_request',
    `"tokens" is not a list of 1 to ${mostTokens} texts of at most ${longestToken} characters`,
  );
}

/** It stands in the log and may be printed. */
function parseSource(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text.length > longestSource || /\p{C}/u.test(text))
    throw new Refusal('bad_request', `"source" is not one line of at most ${longestSource} characters`);
  return text;
}
