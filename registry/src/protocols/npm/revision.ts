import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { replaceOwners } from '../../packages/owners.ts';
import { getReadablePackage, type PackageId } from '../../packages/packages.ts';
import { unpublish } from '../../releases/unpublish.ts';
import type { Services } from '../../services.ts';
import { isJsonObject, type Json } from '../../strict-json.ts';
import { sendNotice } from '../npm-notice.ts';
import { bodyStream, packageParameter, parameter, requireRequester } from '../request.ts';
import { invitedNotice } from './invitation-notice.ts';
import { parseRevision, revisionText } from './packument.ts';
import { refuseStars } from './publish.ts';
import { readPublishDocument } from './publish-document.ts';

/**
 * `PUT /<package>/-rev/<rev>`: npm sends a packument back as it should be. With `versions` it is `npm unpublish`,
 * and may be long; with `maintainers` alone `npm owner add|rm`.
 */
export async function putRevision(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  const { document } = await readPublishDocument(bodyStream(request), noArchive);
  refuseStars(document);
  const { versions, maintainers } = document;
  const revision = revisionParameter(request);
  reply.code(201);
  if (isJsonObject(versions)) {
    const chosen = (version: string) => !Object.hasOwn(versions, version);
    await unpublish(services, requester, id, { chosen, revision });
    return { ok: true, id: id.name };
  }
  if (maintainers === undefined)
    throw new Refusal('bad_request', 'there are neither "maintainers" nor "versions" in the body');
  const done = await setMaintainers(services, requester, id, { revision, users: namesIn(maintainers) });
  sendNotice(reply, invitedNotice(done.invited));
  return done;
}

const noArchive = {
  receive: async (): Promise<never> => {
    throw new Refusal('bad_request', 'there is an archive where none belongs');
  },
  discard: async (): Promise<void> => {},
};

async function setMaintainers(
  services: Services,
  requester: Requester,
  id: PackageId,
  change: { readonly revision: number; readonly users: readonly string[] },
) {
  const invited = await replaceOwners(services, requester, id, change);
  const record = await getReadablePackage(services.database.read, id, requester.actor).catch(() => undefined);
  return { ok: true, id: id.name, ...(record && { rev: revisionText(record) }), invited };
}

function namesIn(value: Json): string[] {
  const names = Array.isArray(value)
    ? value.map((entry) => (isJsonObject(entry) ? entry['name'] : undefined))
    : [];
  const valid = names.filter((name): name is string => typeof name === 'string');
  if (valid.length === 0 || valid.length !== names.length) {
    throw new Refusal('bad_request', '"maintainers" is not a list of people with a name');
  }
  return [...new Set(valid)];
}

/** The revision a client read. Throws `conflict` for one that is not of this registry. */
export function revisionParameter(request: FastifyRequest): number {
  const revision = parseRevision(parameter(request, 'revision'));
  if (revision !== undefined) return revision;
  throw new Refusal('conflict', 'the revision is not one of this registry: read the package again');
}
