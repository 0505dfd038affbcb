import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { Parser } from 'tar/parse';
import type { ArchiveContents } from './archive-contents.ts';
import type { Digesting } from './digesting.ts';
import { unzipped } from './gzip-member.ts';

export interface ParseOptions {
  /** Refuses more than one gzip member, and anything after it: programs disagree on what such a file holds. */
  readonly oneMember?: boolean;
}

/**
 * Takes a gzipped tar apart in one streamed pass, writing nothing. Throws for what is none, and what `contents`
 * refused.
 */
export async function parseArchive(
  path: string,
  digesting: Digesting,
  contents: ArchiveContents,
  { oneMember = false }: ParseOptions = {},
): Promise<void> {
  const parser = new Parser({ strict: true, onReadEntry: (entry) => contents.add(entry) });
  const ended = once(parser, 'end');
  // Awaited below; until then a failure must not count as unhandled.
  ended.catch(() => {});
  const bytes = digested(path, digesting);
  for await (const chunk of oneMember ? unzipped(bytes) : bytes) {
    if (!parser.write(chunk)) await Promise.race([drained(parser), ended]);
    contents.throwIfRefused();
  }
  parser.end();
  await ended;
  contents.throwIfRefused();
}

async function* digested(path: string, digesting: Digesting): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (isFirst) requireGzip(chunk);
    isFirst = false;
    digesting.update(chunk);
    yield chunk;
  }
  if (isFirst) requireGzip(Buffer.alloc(0));
}

/** The parser takes other compressions too; registries and installers do not. */
function requireGzip(start: Buffer): void {
  if (start[0] !== 0x1f || start[1] !== 0x8b) throw new Error('it is not compressed with gzip');
}

async function drained(parser: Parser): Promise<void> {
  await once(parser, 'drain');
}
