import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { parseTag } from '../../packages/tags.ts';
import { getEcosystem } from '../../releases/ecosystem.ts';
import { publishRelease } from '../../releases/publish.ts';
import { stageRelease } from '../../releases/stage.ts';
import type { Services } from '../../services.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import { sendNotice } from '../npm-notice.ts';
import { bodyStream, packageParameter, parameter, queryParameter, requireRequester } from '../request.ts';
import { accessValue } from '../request-body.ts';
import { stagePageUrl } from '../stage-page.ts';

/** `PUT /-/pub/v1/releases/<ecosystem>/<name>/<version>`: docs/protocol.md, "Upload". */
export async function putRelease(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const declared = declaredDigest(request);
  const packageId = packageParameter(services, request);
  const { parseVersion, readSubmission } = getEcosystem(services.ecosystems, packageId.ecosystem);
  const id = { ...packageId, version: parseVersion(parameter(request, 'version')), sha256: declared };
  const tag = parseTag(queryParameter(request, 'tag') ?? 'latest');
  const access = accessValue(queryParameter(request, 'access'));
  const expected = { ...id, tag, access, publisher: requester.actor.name };
  const readArchive = async () => {
    const received = await receive(services, request, declared);
    try {
      return await readSubmission(received, expected);
    } catch (error) {
      await services.blobs.discard(received);
      throw error;
    }
  };
  const { name, version } = id;
  if (isStage(request)) {
    const { stageId, state, sha256 } = await stageRelease(services, requester, id, readArchive);
    reply.code(202);
    return { name, version, state, sha256, stage_id: stageId, page_url: stagePageUrl(services, stageId) };
  }
  const { created, sha256, notice } = await publishRelease(services, requester, id, readArchive);
  reply.code(created ? 201 : 200);
  sendNotice(reply, notice);
  return { name, version, state: 'published', sha256 };
}

function isStage(request: FastifyRequest): boolean {
  const stage = queryParameter(request, 'stage');
  if (stage === undefined || stage === 'true' || stage === 'false') return stage === 'true';
  throw new Refusal('bad_request', 'the query parameter stage is neither true nor false');
}

async function receive(services: Services, request: FastifyRequest, declared: string): Promise<ReceivedBlob> {
  const maximumBytes = services.settings.maximumArchiveBytes;
  const received = await services.blobs.receive(bodyStream(request), { maximumBytes });
  if (received.sha256 === declared) return received;
  await services.blobs.discard(received);
  throw new Refusal('digest_mismatch', 'the bytes received are not the ones declared');
}

/** RFC 9530 §2: a structured dictionary; only its `sha-256` member is read. Lower-case hex. */
function declaredDigest(request: FastifyRequest): string {
  const header = request.headers['content-digest'];
  const match =
    typeof header === 'string' ? /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(header) : null;
  if (match?.[1] === undefined)
    throw new Refusal('bad_request', 'the header content-digest is missing or holds no sha-256');
  return Buffer.from(match[1], 'base64').toString('hex');
}
