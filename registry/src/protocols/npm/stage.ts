import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Decision, decideStaged } from '../../releases/decide-staged.ts';
import { getEcosystem } from '../../releases/ecosystem.ts';
import { admitStage, stageRelease } from '../../releases/stage.ts';
import { getStaged, listStaged, type StagedRelease } from '../../releases/staged.ts';
import type { Services } from '../../services.ts';
import { pageOf } from '../paging.ts';
import {
  bodyStream,
  packageParameter,
  parameter,
  queryParameter,
  requireActor,
  requireRequester,
} from '../request.ts';
import { stagePageUrl } from '../stage-page.ts';
import { receiveDocument, submitDocument } from './submit-document.ts';

/** npm's staged publishing: docs/protocol.md, "Staging". What goes by a number is there for every ecosystem. */

/** `POST /-/stage/package/<package>`: `npm stage publish`, which does not ask its user for a code (measured). */
export async function postStage(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  await admitStage(services, requester, id);
  const content = await receiveDocument(services, bodyStream(request));
  const { stageId } = await submitDocument(services, { requester, id, content, door: stageRelease });
  reply.code(201);
  return { stageId, message: `staged, not published: approve it at ${stagePageUrl(services, stageId)}` };
}

/** `GET /-/stage?page=0&perPage=100`, with `package` for one, and `ecosystem` for another one than npm. */
export async function getStagedList(services: Services, request: FastifyRequest) {
  const actor = await requireActor(services, request);
  const ecosystem = queryParameter(request, 'ecosystem') ?? 'npm';
  const { parseName } = getEcosystem(services.ecosystems, ecosystem);
  const name = queryParameter(request, 'package');
  const { page, perPage, start, end } = pageOf(request);
  const filter = { ecosystem, name: name === undefined ? undefined : parseName(name) };
  const found = await listStaged(services.database.read, actor, filter);
  return { items: found.slice(start, end).map(describe), total: found.length, page, perPage };
}

/** `GET /-/stage/<id>` */
export async function getStagedItem(services: Services, request: FastifyRequest) {
  const actor = await requireActor(services, request);
  return describe(await getStaged(services.database.read, actor, parameter(request, 'id')));
}

/** `GET /-/stage/<id>/tarball`: the bytes somebody is to approve. */
export async function getStagedArchive(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const actor = await requireActor(services, request);
  const { sha256 } = await getStaged(services.database.read, actor, parameter(request, 'id'));
  const blob = await services.blobs.open(sha256);
  if (blob === undefined) throw new Error(`the blob ${sha256} is missing`);
  reply.type('application/octet-stream').header('content-length', blob.size);
  return reply.header('cache-control', 'no-store').send(blob.content);
}

/** `POST /-/stage/<id>/approve` */
export async function postApproval(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const { package: record, version } = await decide(services, request, 'approve');
  reply.code(201);
  return { message: `${record.name}@${version} is published` };
}

/** `DELETE /-/stage/<id>` */
export async function deleteStaged(services: Services, request: FastifyRequest, reply: FastifyReply) {
  await decide(services, request, 'reject');
  reply.code(204);
}

async function decide(
  services: Services,
  request: FastifyRequest,
  decision: Decision,
): Promise<StagedRelease> {
  const requester = await requireRequester(services, request);
  return await decideStaged(services, requester, { stageId: parameter(request, 'id'), decision });
}

function describe(staged: StagedRelease) {
  const { stageId, package: record, version, tag, state, sha256, size, stagedAt, decidedAt } = staged;
  return {
    id: stageId,
    ecosystem: record.ecosystem,
    packageName: record.name,
    version,
    tag,
    status: state,
    createdAt: new Date(stagedAt).toISOString(),
    actor: staged.stagedBy,
    actorType: 'user',
    access: record.access,
    shasum: staged.sha1 ?? undefined,
    sha256,
    size,
    program: staged.agent,
    ...(decidedAt !== null && { decidedAt: new Date(decidedAt).toISOString(), decidedBy: staged.decidedBy }),
  };
}
