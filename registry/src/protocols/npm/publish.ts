import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { deprecate } from '../../packages/deprecation.ts';
import { type PackageVersion, parsePackageName, parseVersion } from '../../packages/package-name.ts';
import type { PackageId } from '../../packages/packages.ts';
import { parseTag } from '../../packages/tags.ts';
import { admitUpload, publishRelease } from '../../releases/publish.ts';
import type { Services } from '../../services.ts';
import type { ReceivedBlob } from '../../store/blobs.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { accessValue, bodyStream, optionalString, packageParameter, requireRequester } from '../request.ts';
import { noticeSingleOwner } from '../single-owner-notice.ts';
import { integrityOf } from './index-entry.ts';
import { type PublishDocument, readPublishDocument } from './publish-document.ts';
import { readSubmission } from './submission.ts';

/** `PUT /<package>`: with an archive a publish, without one a change of what is published (deprecation). */
export async function putPackage(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const id = packageParameter(services, request);
  await admitUpload(services, requester, id);
  const content = await readPublishDocument(bodyStream(request), {
    receive: (bytes) =>
      services.blobs.receive(bytes, { maximumBytes: services.settings.maximumArchiveBytes }),
    discard: (received) => services.blobs.discard(received),
  });
  if (content.tarball === undefined) await changeMetadata(services, requester, id, content.document);
  else {
    await publish(services, requester, id, content);
    await noticeSingleOwner(services, reply, id);
  }
  reply.code(201);
  return { ok: true, success: true, id: id.name };
}

async function publish(
  services: Services,
  requester: Requester,
  id: PackageId,
  { document, tarball, provenance }: PublishDocument<ReceivedBlob>,
): Promise<void> {
  const received = tarball?.received;
  if (received === undefined) throw new Error('there is no archive to publish');
  try {
    const declared = readDeclaration(document, id.name);
    const publisher = requester.actor.name;
    const release = { ...id, version: declared.version, sha256: received.sha256 };
    await publishRelease(services, requester, release, async () => {
      refuseOtherBytes(declared.manifest, received);
      return await readSubmission(received, {
        ...declared,
        ...id,
        publisher,
        declared: declared.manifest,
        provenance: provenance?.text,
      });
    });
  } finally {
    await services.blobs.discard(received);
  }
}

interface Declaration {
  readonly version: PackageVersion;
  readonly manifest: JsonObject;
  readonly tag: string;
  readonly access: 'public' | 'restricted' | undefined;
}

/** What the document around the archive asks for. Throws `bad_request`. */
function readDeclaration(document: JsonObject, name: string): Declaration {
  if (parsePackageName(document['name']) !== name)
    throw new Refusal('bad_request', 'the name in the body is not the one in the URL');
  const [version, manifest] = onlyMember(document['versions'], 'versions');
  const [tag, tagged] = onlyMember(document['dist-tags'], 'dist-tags');
  if (tagged !== version)
    throw new Refusal('bad_request', 'the tag does not name the version being published');
  if (!isJsonObject(manifest)) throw new Refusal('bad_request', 'the manifest is not an object');
  const access = accessValue(optionalString(document, 'access'));
  return { version: parseVersion(version), manifest, tag: parseTag(tag), access };
}

function onlyMember(value: JsonObject[string] | undefined, what: string) {
  const members = isJsonObject(value) ? Object.entries(value) : [];
  const [first] = members;
  if (first === undefined || members.length > 1)
    throw new Refusal('bad_request', `"${what}" must have exactly one member`);
  return first;
}

/** The client's own digests, where it sent them: what arrived is what it packed, or it is refused. */
function refuseOtherBytes(manifest: JsonObject, received: ReceivedBlob): void {
  const dist = isJsonObject(manifest['dist']) ? manifest['dist'] : {};
  const integrity = optionalString(dist, 'integrity');
  const shasum = optionalString(dist, 'shasum');
  const differs =
    (integrity !== undefined && integrity !== integrityOf(received)) ||
    (shasum !== undefined && shasum !== received.sha1);
  if (differs)
    throw new Refusal('digest_mismatch', 'the archive received is not the one its document describes');
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
  await deprecate(services, requester, id, new Map(messages));
}
