import type { FastifyReply } from 'fastify';

/** npm prints the header `npm-notice` of any answer (measured). */
export function sendNotice(reply: FastifyReply, notice: string | undefined): void {
  if (notice !== undefined) reply.header('npm-notice', notice);
}
