import type { ReadEntry } from 'tar/read-entry';
import type { ArchivedFile } from '../ecosystems/ecosystem.ts';
import { withoutEscapeSequences } from '../escape-sequences.ts';
import { mustLookInside, startLength } from './concerns.ts';

/**
 * Limits on an archive somebody hands us. The largest packages of the npm registry stay under a tenth of
 * these; a bomb does not.
 */
const mostFiles = 200_000;
const mostUnpackedBytes = 4 * 1024 ** 3;
const longestPath = 4096;

/** Which files are read whole, as text. */
export interface ReadWhole {
  readonly manifest: string;
  /** Bytes; a longer manifest is refused. */
  readonly largestManifest: number;
  /** Others worth reading, when they are not longer than `largestOther`. */
  readonly others?: { test(path: string): boolean };
  readonly largestOther?: number;
}

/** What is kept of the entries as they pass. */
export class ArchiveContents {
  readonly files: ArchivedFile[] = [];
  readonly starts = new Map<string, string>();
  readonly texts = new Map<string, string>();
  unpackedSize = 0;
  #top: string | undefined;
  readonly #seen = new Set<string>();
  #refusal: Error | undefined;
  readonly #whole: ReadWhole;

  constructor(whole: ReadWhole) {
    this.#whole = whole;
  }

  /** The folder that everything is in. */
  get top(): string {
    return this.#top ?? '';
  }

  /** Called by the parser, out of whose reach an error is kept until the next chunk. */
  add(entry: ReadEntry): void {
    try {
      this.#take(entry);
    } catch (error) {
      this.#refusal ??= error as Error;
      entry.resume();
    }
  }

  throwIfRefused(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  #take(entry: ReadEntry): void {
    const shown = printable(entry.path);
    if (entry.type === 'Directory' || entry.meta) {
      entry.resume();
      return;
    }
    if (!['File', 'OldFile', 'ContiguousFile'].includes(entry.type)) {
      throw new Error(`\`${shown}\` is a ${entry.type}: only plain files are allowed`);
    }
    const path = this.#pathInPackage(entry.path, shown);
    this.unpackedSize += entry.size;
    if (this.unpackedSize > mostUnpackedBytes) throw new Error('it unpacks to more than 4 GiB');
    if (this.files.push({ path, size: entry.size, mode: (entry.mode ?? 0) & 0o777 }) > mostFiles) {
      throw new Error(`it has more than ${mostFiles} files`);
    }
    this.#keepText(path, entry);
  }

  #pathInPackage(path: string, shown: string): string {
    const [top, ...rest] = path.replace(/^\.\//, '').split('/');
    const unsafe = path.length > longestPath || path.startsWith('/') || /[\\\0]/.test(path);
    if (unsafe || rest.length === 0 || [top, ...rest].some((part) => part === '..' || part === '')) {
      throw new Error(`\`${shown}\` is not a path inside one folder`);
    }
    this.#top ??= top;
    if (top !== this.#top)
      throw new Error(`\`${shown}\` is outside the folder \`${printable(this.#top ?? '')}\``);
    const inside = rest.join('/');
    if (this.#seen.has(inside)) throw new Error(`\`${shown}\` is in it twice`);
    this.#seen.add(inside);
    return inside;
  }

  #keepText(path: string, entry: ReadEntry): void {
    const { manifest, largestManifest, others, largestOther = 0 } = this.#whole;
    if (path === manifest && entry.size > largestManifest) {
      throw new Error(`its ${manifest} is over ${largestManifest / 1024 ** 2} MiB`);
    }
    if (path === manifest || (others?.test(path) && entry.size <= largestOther)) {
      this.#collect(entry, entry.size, (bytes) => this.texts.set(path, bytes.toString('utf8')));
    } else if (mustLookInside(path)) {
      this.#collect(entry, startLength, (bytes) => this.starts.set(path, bytes.toString('latin1')));
    } else {
      entry.resume();
    }
  }

  #collect(entry: ReadEntry, limit: number, done: (bytes: Buffer) => void): void {
    const chunks: Buffer[] = [];
    let length = 0;
    entry.on('data', (chunk) => {
      const kept = chunk.subarray(0, limit - length);
      length += kept.length;
      if (kept.length > 0) chunks.push(Buffer.from(kept));
    });
    entry.on('end', () => done(Buffer.concat(chunks)));
  }
}

function printable(text: string): string {
  return withoutEscapeSequences(text)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(0, 200);
}
