import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AskedSettings } from '../../accounts/tokens/settings.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { JsonObject } from '../../strict-json.ts';
import { createToken } from '../create-token.ts';
import { numberIn, optionalString, requiredString, stringList } from '../request-body.ts';

/** `POST /-/pub/v1/tokens`: docs/protocol.md, "Tokens". What npm's own form cannot say: each scope by its name. */
export async function postToken(services: Services, request: FastifyRequest, reply: FastifyReply) {
  return await createToken(services, request, reply, readSettings);
}

const known = new Set(['name', 'password', 'description', 'scopes', 'packages', 'networks', 'days']);

function readSettings(body: JsonObject): AskedSettings {
  if (Object.keys(body).some((key) => !known.has(key)))
    throw new Refusal('unsupported', 'the request for a token has members that mean nothing here');
  return {
    name: requiredString(body, 'name'),
    description: optionalString(body, 'description'),
    scopes: stringList(body, 'scopes') ?? [],
    packages: stringList(body, 'packages'),
    networks: stringList(body, 'networks'),
    days: numberIn(body, 'days'),
  };
}
