import type { FastifyReply, FastifyRequest } from 'fastify';
import { listTokens, revokeOwnToken } from '../../accounts/tokens/own-tokens.ts';
import type { Services } from '../../services.ts';
import { createToken, describeToken } from '../create-token.ts';
import { pageOf } from '../paging.ts';
import { parameter, requireActor } from '../request.ts';
import { readTokenRequest } from './token-request.ts';

/** npm's token API. Its routes hear no limited token: a token makes, sees and ends no others. */

/** `GET /-/npm/v1/tokens?page=0&perPage=100` */
export async function getTokenList(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  const { page, perPage, start, end } = pageOf(request);
  const tokens = await listTokens(services.database.read, accountId, services.clock());
  const more = end < tokens.length;
  return {
    objects: tokens.slice(start, end).map(describeToken),
    total: tokens.length,
    // npm follows it until it is not there.
    urls: more ? { next: `/-/npm/v1/tokens?page=${page + 1}&perPage=${perPage}` } : {},
  };
}

/** `POST /-/npm/v1/tokens`: `npm token create`. */
export async function postToken(services: Services, request: FastifyRequest, reply: FastifyReply) {
  return await createToken(services, request, reply, readTokenRequest);
}

/** `DELETE /-/npm/v1/tokens/token/<key or token>`: `npm token revoke`. */
export async function deleteTokenByKey(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const actor = await requireActor(services, request);
  await revokeOwnToken(services, actor, parameter(request, 'key'));
  reply.code(204);
}
