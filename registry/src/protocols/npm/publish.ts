import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { deprecate } from '../../packages/deprecation.ts';
import type { PackageId } from '../../packages/packages.ts';
import { admitUpload, publishRelease } from '../../releases/publish.ts';
import type { Services } from '../../services.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { sendNotice } from '../npm-notice.ts';
import { bodyStream, packageParameter, requireRequester } from '../request.ts';
import { optionalString } from '../request-body.ts';
import { parseRevision } from './packument.ts';
import { receiveDocument, submitDocument } from './submit-document.ts';

/** `PUT /<package>`: with an archive a publish, without one a change of what is published (deprecation). */
export async function putPackage(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  await admitUpload(services, requester, id);
  const content = await receiveDocument(services, bodyStream(request));
  if (content.tarball === undefined) await changeMetadata(services, requester, id, content.document);
  else {
    const outcome = await submitDocument(services, { requester, id, content, door: publishRelease });
    sendNotice(reply, outcome.notice);
  }
  reply.code(201);
  return { ok: true, success: true, id: id.name };
}

/** `npm star` puts a name among a package's `users`, which a packument of this registry never has. */
export function refuseStars(document: JsonObject): void {
  if (document['users'] !== undefined) throw new Refusal('unsupported', 'this registry keeps no stars');
}

/** npm sends the whole packument back, changed. Only what it may change is looked at: deprecation. */
async function changeMetadata(
  services: Services,
  requester: Requester,
  id: PackageId,
  document: JsonObject,
): Promise<void> {
  refuseStars(document);
  const versions = document['versions'];
  if (!isJsonObject(versions))
    throw new Refusal('bad_request', 'there is neither an archive nor a version in the body');
  const messages = Object.entries(versions).map(([version, manifest]) => {
    const text = isJsonObject(manifest) ? optionalString(manifest, 'deprecated') : undefined;
    return [version, text ?? ''] as const;
  });
  const revision = parseRevision(optionalString(document, '_rev') ?? '');
  await deprecate(services, requester, id, { messages: new Map(messages), revision });
}
