import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BlobContent } from '../../store/received-blob.ts';

/** An archive as it arrived, wherever its bytes lie. Positions count from 0; `end` is the first byte left out. */
export interface PackedBytes {
  readonly size: number;
  /** Fewer bytes where the archive ends before `end`. */
  read(start: number, end: number): Promise<Buffer>;
  /** To be read to its end or destroyed. */
  stream(start: number, end: number): Readable;
  close(): Promise<void>;
}

export async function openPacked(content: BlobContent): Promise<PackedBytes> {
  return 'bytes' in content ? inMemory(content.bytes) : await inFile(content.path);
}

function inMemory(bytes: Buffer): PackedBytes {
  return {
    size: bytes.byteLength,
    read: async (start, end) => bytes.subarray(start, end),
    stream: (start, end) => Readable.from([bytes.subarray(start, end)], { objectMode: false }),
    close: async () => {},
  };
}

const largestPiece = 128 * 1024;

async function inFile(path: string): Promise<PackedBytes> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  // A buffer that is allocated is work for the garbage collector.
  const highWaterMark = Math.min(largestPiece, size);
  return {
    size,
    async read(start, end) {
      const wanted = Math.max(0, end - start);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, start);
      return buffer.subarray(0, bytesRead);
    },
    // Destroying a stream would close the handle under whoever reads after it.
    stream: (start, end) => file.createReadStream({ start, end: end - 1, autoClose: false, highWaterMark }),
    close: () => file.close(),
  };
}
