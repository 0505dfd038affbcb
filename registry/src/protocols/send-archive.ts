import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notingDeadBytes } from '../dead-bytes.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { ByteRange } from '../store/blob-folder.ts';
import type { ReleaseRow } from '../store/schema.ts';
import { requestedRange } from './byte-range.ts';
import { setCaching } from './caching.ts';
import { matchesEtag } from './matches-etag.ts';
import type { Keep } from './open-answers.ts';

export interface ArchiveAnswer {
  readonly archive: Pick<ReleaseRow, 'sha256' | 'size'>;
  readonly type: string;
  /** Whether everybody may read it. */
  readonly shared: boolean;
  readonly keep?: Keep | undefined;
}

/**
 * Sends the archive of a release, which never changes under its URL, or the part of it that was asked for: from
 * memory, or as it is read.
 */
export async function sendArchive(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { archive, type, shared, keep }: ArchiveAnswer,
): Promise<FastifyReply> {
  const { sha256, size } = archive;
  const etag = `"${sha256}"`;
  setCaching(reply, shared, 'max-age=31536000, immutable')
    .header('etag', etag)
    .header('vary', 'authorization')
    .header('accept-ranges', 'bytes');
  if (matchesEtag(request, etag)) return reply.code(304).send();
  const range = requestedRange(request, size, etag);
  if (range === 'none') throw unsatisfiable(reply, size);
  const part = range === 'whole' ? { start: 0, end: size - 1 } : range;
  const content = await open(services, archive, part);
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${part.start}-${part.end}/${size}`);
  if (range === 'whole' && Buffer.isBuffer(content))
    keep?.({ reply, etag, content: { 'content-type': type }, body: content });
  return reply
    .header('content-type', type)
    .header('content-length', part.end - part.start + 1)
    .send(request.method === 'HEAD' ? unread(content) : content);
}

type Content = Buffer | Readable;

async function open(
  { blobs }: Services,
  { sha256, size }: ArchiveAnswer['archive'],
  part: ByteRange,
): Promise<Content> {
  const whole = await blobs.read(sha256, size);
  if (whole?.byteLength === size) return whole.subarray(part.start, part.end + 1);
  const blob = whole === undefined ? await blobs.open(sha256, part) : undefined;
  if (blob?.size === size) return notingDeadBytes(blob.content);
  blob?.content.destroy();
  throw new Error(`the blob ${sha256} is missing or damaged`);
}

/** The framework would read a stream to its end only to send nothing of it. */
function unread(content: Content): Content {
  if (Buffer.isBuffer(content)) return content;
  content.destroy();
  return Readable.from([]);
}

/** RFC 9110 §15.5.17: with the size there is, so that the client can ask better. */
function unsatisfiable(reply: FastifyReply, size: number): Refusal {
  reply.header('content-range', `bytes */${size}`);
  return new Refusal('range_not_satisfiable', `the archive has ${size} bytes, and none of those asked for`);
}
