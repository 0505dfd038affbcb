import type { FastifyReply, FastifyRequest } from 'fastify';
import { logOut as endSession } from '../../accounts/log-out.ts';
import type { Services } from '../../services.ts';
import { requireActor } from '../request.ts';

/** `POST /-/pub/v1/logout`: revokes the token it is called with. docs/protocol.md, "Logout". */
export async function logOut(services: Services, request: FastifyRequest, reply: FastifyReply) {
  await endSession(services, await requireActor(services, request));
  reply.code(204);
}
