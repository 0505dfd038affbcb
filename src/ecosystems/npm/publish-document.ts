import type { StreamedBody } from '../../http/transport.ts';
import type { JsonObject } from '../../json.ts';
import type { PublishRequest } from '../registry.ts';
import { base64Body } from './archive-body.ts';
import { checkedProvenance, type Provenance } from './provenance.ts';
import { publishedManifest } from './published-manifest.ts';

export interface DocumentOptions {
  readonly registryUrl: string;
  readonly clientVersion: string;
}

/**
 * npm's publish document (measured, npm 12): the manifest as the registry will list it, and the archive as
 * an attachment in base64. The attachment is streamed from the file, between two texts.
 */
export function publishDocument(request: PublishRequest, options: DocumentOptions): StreamedBody {
  const { archive, tag, access } = request;
  const manifest = publishedManifest(archive, options);
  const provenance =
    request.provenance === undefined ? undefined : checkedProvenance(request.provenance, archive);
  const attachmentName = `${archive.name}-${archive.version}.tgz`;
  const document: JsonObject = {
    _id: archive.name,
    name: archive.name,
    ...(typeof manifest['description'] === 'string' ? { description: manifest['description'] } : {}),
    'dist-tags': { [tag ?? 'latest']: archive.version },
    versions: { [archive.version]: manifest },
    access: access ?? null,
    _attachments: {
      ...(provenance && { [`${archive.name}-${archive.version}.sigstore`]: attached(provenance) }),
      [attachmentName]: { content_type: 'application/octet-stream', data: '', length: archive.size },
    },
  };
  const text = JSON.stringify(document);
  // The attachment is last, and inside a JSON string every quote is escaped: this is its empty `data`.
  const at = text.lastIndexOf('"data":""') + '"data":"'.length;
  return base64Body(archive, text.slice(0, at), text.slice(at));
}

/** Not in base64, unlike the archive (measured, npm 12). */
function attached({ mediaType, text }: Provenance): JsonObject {
  return { content_type: mediaType, data: text, length: text.length };
}
