import { badArchive } from './bad-archive.ts';

/** Reads counted numbers of bytes from a stream of pieces of any size. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async atEnd(): Promise<boolean> {
    while (this.#piece.byteLength === 0) {
      const next = await this.#source.next();
      if (next.done) return true;
      this.#piece = next.value;
    }
    return false;
  }

  /** Exactly `size` bytes, all in memory. */
  async take(size: number): Promise<Buffer> {
    if (this.#piece.byteLength >= size) return this.#cut(size);
    const pieces: Buffer[] = [];
    for await (const piece of this.#pieces(size)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Passes over exactly `size` bytes. */
  async skip(size: number): Promise<void> {
    for await (const _ of this.#pieces(size));
  }

  /** Passes over exactly `size` bytes and says whether all of them were zero. */
  async skipZeros(size: number): Promise<boolean> {
    let zero = true;
    for await (const piece of this.#pieces(size)) zero &&= isZero(piece);
    return zero;
  }

  /** Says whether nothing but zeros is left, and reads to the end if so. */
  async onlyZerosLeft(): Promise<boolean> {
    while (!(await this.atEnd())) if (!isZero(this.#cut(this.#piece.byteLength))) return false;
    return true;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async *#pieces(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (await this.atEnd()) throw badArchive('it ends in the middle of an entry');
      const piece = this.#cut(Math.min(left, this.#piece.byteLength));
      left -= piece.byteLength;
      yield piece;
    }
  }

  #cut(size: number): Buffer {
    const piece = this.#piece.subarray(0, size);
    this.#piece = this.#piece.subarray(size);
    return piece;
  }
}

const zeros = Buffer.alloc(128 * 1024);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.byteLength; at += zeros.byteLength) {
    const part = bytes.subarray(at, at + zeros.byteLength);
    if (part.compare(zeros, 0, part.byteLength) !== 0) return false;
  }
  return true;
}
