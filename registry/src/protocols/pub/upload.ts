import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { parseVersion } from '../../packages/package-name.ts';
import { parseTag } from '../../packages/tags.ts';
import { publishRelease, type Submission } from '../../releases/publish.ts';
import type { Services } from '../../services.ts';
import type { ReceivedBlob } from '../../store/blobs.ts';
import {
  accessValue,
  bodyStream,
  packageParameter,
  parameter,
  queryParameter,
  requireRequester,
} from '../request.ts';
import { noticeSingleOwner } from '../single-owner-notice.ts';

/** Turns received bytes into what the release door takes: the ecosystem's part of an upload. */
export type ReadSubmission = (
  received: ReceivedBlob,
  expected: {
    readonly name: string;
    readonly version: string;
    readonly tag: string;
    readonly access: Submission['access'];
    readonly publisher: string;
    readonly declared: undefined;
  },
) => Promise<Submission>;

/** `PUT /-/pub/v1/releases/npm/<name>/<version>`: docs/protocol.md, "Upload". */
export async function putRelease(
  services: Services,
  readSubmission: ReadSubmission,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const requester = await requireRequester(services, request);
  const declared = declaredDigest(request);
  const version = parseVersion(parameter(request, 'version'));
  const id = { ...packageParameter(request), version, sha256: declared };
  const tag = parseTag(queryParameter(request, 'tag') ?? 'latest');
  const access = accessValue(queryParameter(request, 'access'));
  const expected = { ...id, tag, access, publisher: requester.actor.name, declared: undefined };
  const outcome = await publishRelease(services, requester, id, async () => {
    const received = await receive(services, request, declared);
    try {
      return await readSubmission(received, expected);
    } catch (error) {
      await services.blobs.discard(received);
      throw error;
    }
  });
  reply.code(outcome.created ? 201 : 200);
  await noticeSingleOwner(services, reply, id);
  return { name: id.name, version: id.version, state: 'published', sha256: outcome.sha256 };
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
