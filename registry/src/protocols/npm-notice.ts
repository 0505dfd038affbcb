import type { FastifyReply } from 'fastify';

/** npm prints the header `npm-notice` of any answer (measured). What is not plain ASCII is no header. */
export function sendNotice(reply: FastifyReply, notice: string | undefined): void {
  if (notice !== undefined) reply.header('npm-notice', notice.replaceAll(/[^\x20-\x7e]/g, '?'));
}
