import type { FastifyReply, FastifyRequest } from 'fastify';
import { unpublish } from '../../releases/unpublish.ts';
import type { Services } from '../../services.ts';
import { packageParameter, parameter, requireRequester } from '../request.ts';
import { versionInFileName } from './read.ts';
import { revisionParameter } from './revision.ts';

/** What `npm unpublish` deletes: all that is left of a package, or an archive after its version (`revision.ts`). */

/** `DELETE /<package>/-rev/<rev>` */
export async function deletePackage(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  await unpublish(services, requester, id, { chosen: () => true, revision: revisionParameter(request) });
  reply.code(204);
}

/** `DELETE /<package>/-/<file>.tgz/-rev/<rev>` */
export async function deleteArchive(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  const named = versionInFileName(id.name, parameter(request, 'file'));
  await unpublish(services, requester, id, {
    chosen: (version) => version === named,
    revision: revisionParameter(request),
  });
  reply.code(204);
}
