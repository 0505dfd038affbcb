import type { FastifyReply } from 'fastify';
import type { PackageId } from '../packages/packages.ts';
import { singleOwnerNotice } from '../packages/single-owner.ts';
import type { Services } from '../services.ts';

/** npm prints the header `npm-notice` of any answer (measured). */
export async function noticeSingleOwner(
  services: Services,
  reply: FastifyReply,
  id: PackageId,
): Promise<void> {
  const notice = await singleOwnerNotice(services.database.read, id);
  if (notice !== undefined) reply.header('npm-notice', notice);
}
