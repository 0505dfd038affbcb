import { createHash } from 'node:crypto';
import type { Digests } from '../ecosystems/ecosystem.ts';

/** Computes every digest of an archive, and its size, in one pass over its bytes. */
export class Digesting {
  readonly #sha1 = createHash('sha1');
  readonly #sha256 = createHash('sha256');
  readonly #sha512 = createHash('sha512');
  size = 0;

  update(chunk: Uint8Array): void {
    this.size += chunk.length;
    for (const hash of [this.#sha1, this.#sha256, this.#sha512]) hash.update(chunk);
  }

  digests(): Digests {
    return {
      sha1: this.#sha1.digest('hex'),
      sha256: this.#sha256.digest('hex'),
      integrity: `sha512-${this.#sha512.digest('base64')}`,
    };
  }
}
