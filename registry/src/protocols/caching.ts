import type { FastifyReply } from 'fastify';

/** How long an answer is good for, and whether a cache that others use may keep it: only what everybody may read. */
export function setCaching(reply: FastifyReply, shared: boolean, directives: string): FastifyReply {
  return reply.header('cache-control', `${shared ? 'public' : 'private'}, ${directives}`);
}
