import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { getEcosystem } from '../../releases/ecosystem.ts';
import { createOneActToken, type Operation } from '../../releases/one-act-token.ts';
import type { Services } from '../../services.ts';
import type { JsonObject } from '../../strict-json.ts';
import { requireRequester } from '../request.ts';
import { bodyObject } from '../request-body.ts';
import { parseDigest } from './declared-releases.ts';

/** `POST /-/pub/v1/one-shot-tokens`: docs/protocol.md, "One-shot tokens". */
export async function postOneShotToken(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const operation = parseOperation(services, bodyObject(request));
  const { token, expiresAt } = await createOneActToken(services, requester, operation);
  reply.code(201).header('cache-control', 'no-store');
  return { token, expires: new Date(expiresAt).toISOString() };
}

const members: Readonly<Record<string, readonly string[]>> = {
  publish: ['ecosystem', 'operation', 'name', 'version', 'sha256'],
  yank: ['ecosystem', 'operation', 'name', 'version'],
  unyank: ['ecosystem', 'operation', 'name', 'version'],
  owners: ['ecosystem', 'operation', 'name'],
};

/** Strict: a member that means nothing here might have been meant as a limit. */
function parseOperation(services: Services, body: JsonObject): Operation {
  const { ecosystem, operation: kind } = body;
  const known = typeof kind === 'string' && Object.hasOwn(members, kind) ? members[kind] : undefined;
  if (known === undefined)
    throw new Refusal('bad_request', `"operation" is none of: ${Object.keys(members).join(', ')}`);
  if (Object.keys(body).some((key) => !known.includes(key)))
    throw new Refusal(
      'unsupported',
      `a token for ${kind} is asked for with ${known.join(', ')} and nothing else`,
    );
  const { parseName, parseVersion } = getEcosystem(services.ecosystems, ecosystem);
  const id = { ecosystem: ecosystem as string, name: parseName(body['name']) };
  if (kind === 'owners') return { kind, id };
  const version = parseVersion(body['version']);
  if (kind !== 'publish') return { kind: kind as 'yank' | 'unyank', id, version };
  return { kind, release: { ...id, version, sha256: parseDigest(body['sha256']) } };
}
