import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { noteDeadBytes } from '../../dead-bytes.ts';
import type { BlobContent } from '../../store/received-blob.ts';
import { badArchive } from './bad-archive.ts';
import { openPacked, type PackedBytes } from './packed-bytes.ts';

/**
 * Reads a gzip file (RFC 1952) of exactly one member. Node's gunzip continues silently into a second member
 * and passes over what follows; cargo reads the first member only. An archive that reads differently is two
 * archives, so header and trailer are read here and zlib sees nothing but the deflate stream between them.
 */

export interface InflateLimits {
  readonly unpackedBytes: number;
}

/** Up to here any ratio is allowed: a small package of mostly equal lines packs very well. */
const ratioFreeBytes = 64 * 1024 * 1024;
/** Beyond, the ratio PyPI's upload check uses. Text packs to a tenth, deflate's limit is a thousandth. */
const maximumRatio = 50;

const largestPiece = 128 * 1024;
const fixedHeaderBytes = 10;
const trailerBytes = 8;
/** `gzip FILE` stores the file's name; no system allows a longer one. */
const longestName = 255;
const longestHeader = fixedHeaderBytes + longestName + 1;
const nameFlag = 0x08;

/** The unpacked bytes. They can be trusted only when the iteration has ended without a refusal. */
export async function* readGzipMember(content: BlobContent, limits: InflateLimits): AsyncGenerator<Buffer> {
  const small = 'bytes' in content ? inflateSmall(content.bytes, limits) : undefined;
  if (small !== undefined) {
    yield small;
    return;
  }
  const packed = await openPacked(content);
  try {
    yield* inflateMember(packed, limits);
  } finally {
    await packed.close();
  }
}

/** What is unpacked at once: a millisecond of work at most. */
const smallUnpacked = 512 * 1024;

/**
 * Most packages are small, and a stream for them costs ten times what unpacking them does. Whatever is not perfect here is
 * `undefined`, and is looked at again by those who can say what is wrong with it.
 */
function inflateSmall(packed: Buffer, limits: InflateLimits): Buffer | undefined {
  const trailer = packed.subarray(-trailerBytes);
  try {
    const content = packed.subarray(parseHeader(packed), -trailerBytes);
    const maxOutputLength = Math.min(smallUnpacked, limits.unpackedBytes);
    const { buffer, engine } = inflateRawSync(content, {
      maxOutputLength,
      info: true,
    }) as unknown as Inflated;
    const whole = engine.bytesWritten === content.byteLength && buffer.byteLength === trailer.readUInt32LE(4);
    return whole && crc32(buffer) === trailer.readUInt32LE(0) ? buffer : undefined;
  } catch {
    return undefined;
  }
}

/** What zlib gives with `info`; its types do not know. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

async function* inflateMember(packed: PackedBytes, limits: InflateLimits): AsyncGenerator<Buffer> {
  const { size } = packed;
  const start = parseHeader(await packed.read(0, longestHeader));
  const end = size - trailerBytes;
  if (end <= start) throw badArchive('it ends before its content');
  const trailer = await packed.read(end, size);
  const source = packed.stream(start, end);
  const inflate = createInflateRaw({ chunkSize: Math.min(largestPiece, Math.max(4_096, 4 * size)) });
  source.once('error', (error) => inflate.destroy(error)).pipe(inflate);
  const found = { size: 0, crc: 0 };
  try {
    for await (const chunk of asRefusals(inflate)) {
      found.size += chunk.byteLength;
      found.crc = crc32(chunk, found.crc);
      checkBomb(found.size, size, limits);
      yield chunk;
      noteDeadBytes(2 * chunk.byteLength);
    }
  } finally {
    source.destroy();
    inflate.destroy();
  }
  if (inflate.bytesWritten !== end - start) throw badArchive('something follows its first gzip member');
  if (trailer.readUInt32LE(0) !== found.crc || trailer.readUInt32LE(4) !== found.size % 2 ** 32) {
    throw badArchive('its checksum does not fit its content');
  }
}

/** Returns where the deflate stream begins. */
function parseHeader(header: Buffer): number {
  if (header.byteLength < fixedHeaderBytes || header.readUInt16BE(0) !== 0x1f8b || header[2] !== 8) {
    throw badArchive('it is not a gzip file');
  }
  // Extra fields, comments, header checksums: no packer of packages writes them, and they are room to hide in.
  if ((header[3] ?? 0) & ~nameFlag) throw badArchive('its gzip header has unusual fields');
  if (header[3] === 0) return fixedHeaderBytes;
  const nameEnd = header.subarray(0, longestHeader).indexOf(0, fixedHeaderBytes);
  if (nameEnd === -1) throw badArchive('its gzip header does not end');
  return nameEnd + 1;
}

async function* asRefusals(inflate: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* inflate;
  } catch (error) {
    if (!/^Z_/.test(String((error as NodeJS.ErrnoException).code))) throw error;
    throw badArchive('its compressed data is damaged or incomplete', undefined, error);
  }
}

function checkBomb(unpacked: number, packed: number, limits: InflateLimits): void {
  if (unpacked > limits.unpackedBytes)
    throw badArchive(`it unpacks to more than ${limits.unpackedBytes} bytes`);
  if (unpacked > Math.max(ratioFreeBytes, packed * maximumRatio)) {
    throw badArchive(`it unpacks to more than ${maximumRatio} times its size`);
  }
}
