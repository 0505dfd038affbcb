import type { Requester } from '../../accounts/actor.ts';
import { Refusal } from '../../errors.ts';
import { type PackageVersion, parsePackageName, parseVersion } from '../../packages/package-name.ts';
import type { PackageId } from '../../packages/packages.ts';
import { parseTag } from '../../packages/tags.ts';
import type { ExactRelease } from '../../releases/standing.ts';
import type { Submission } from '../../releases/submission.ts';
import type { Services } from '../../services.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { accessValue, optionalString } from '../request-body.ts';
import { integrityOf } from './index-entry.ts';
import { type PublishDocument, readPublishDocument } from './publish-document.ts';
import { readSubmission } from './submission.ts';

/** What npm sends for a release, whether it is to be public at once or to wait: one document with the archive in it. */

export async function receiveDocument(
  services: Services,
  body: AsyncIterable<Uint8Array>,
): Promise<PublishDocument<ReceivedBlob>> {
  const maximumBytes = services.settings.maximumArchiveBytes;
  return await readPublishDocument(body, {
    receive: (bytes) => services.blobs.receive(bytes, { maximumBytes }),
    discard: (received) => services.blobs.discard(received),
  });
}

/** The release door a document leads to: `publishRelease` or `stageRelease`. */
type Door<Outcome> = (
  services: Services,
  requester: Requester,
  id: ExactRelease,
  readArchive: () => Promise<Submission>,
) => Promise<Outcome>;

/** Hands in the release in a document that was received. */
export async function submitDocument<Outcome>(
  services: Services,
  submitted: {
    readonly requester: Requester;
    readonly id: PackageId;
    readonly content: PublishDocument<ReceivedBlob>;
    readonly door: Door<Outcome>;
  },
): Promise<Outcome> {
  const { requester, id, content, door } = submitted;
  const { document, tarball, provenance } = content;
  const received = tarball?.received;
  if (received === undefined) throw new Refusal('bad_request', 'there is no archive in the body');
  try {
    const declared = readDeclaration(document, id.name);
    const publisher = requester.actor.name;
    const release = { ...id, version: declared.version, sha256: received.sha256 };
    return await door(services, requester, release, async () => {
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
