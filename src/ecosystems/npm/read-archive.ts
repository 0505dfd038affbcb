import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Parser } from 'tar/parse';
import { PubError } from '../../errors.ts';
import { ArchiveContents } from './archive-contents.ts';
import { concernsAbout } from './concerns.ts';
import { Digesting } from './digesting.ts';
import { checkManifest } from './manifest.ts';
import { type NpmArchive, readmeAmong } from './npm-archive.ts';

/**
 * Reads an archive made earlier: its list, manifest and digests, in one streamed pass, writing nothing.
 * Throws `E_ARCHIVE` unless it is a gzipped tar of plain files under one folder, with a manifest that could
 * be published.
 */
export async function readArchive(path: string): Promise<NpmArchive> {
  const digesting = new Digesting();
  const contents = new ArchiveContents();
  try {
    await parseThrough(path, digesting, contents);
  } catch (error) {
    throw archiveError(path, error);
  }
  const { files, texts } = contents;
  const { name, version, content } = manifestIn(contents, path);
  const readmeName = readmeAmong(files.map((file) => file.path));
  const readme = readmeName === undefined ? undefined : texts.get(readmeName);
  const unpackedSize = contents.unpackedSize;
  return {
    ecosystem: 'npm',
    name,
    version,
    fileName: basename(path),
    path,
    size: digesting.size,
    unpackedSize,
    digests: digesting.digests(),
    files,
    manifest: content,
    concerns: concernsAbout({ files, starts: contents.starts, size: digesting.size, unpackedSize }),
    readme:
      readmeName === undefined || readme === undefined ? undefined : { fileName: readmeName, text: readme },
    gitHead: undefined,
  };
}

function manifestIn(contents: ArchiveContents, path: string) {
  const text = contents.texts.get('package.json');
  if (text === undefined) throw archiveError(path, new Error('there is no package.json at its top'));
  try {
    return checkManifest(text, 'its package.json');
  } catch (error) {
    throw archiveError(path, error);
  }
}

async function parseThrough(path: string, digesting: Digesting, contents: ArchiveContents): Promise<void> {
  const parser = new Parser({ strict: true, onReadEntry: (entry) => contents.add(entry) });
  const ended = once(parser, 'end');
  // Awaited below; until then a failure must not count as unhandled.
  ended.catch(() => {});
  let isFirst = true;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (isFirst) requireGzip(chunk);
    isFirst = false;
    digesting.update(chunk);
    if (!parser.write(chunk)) await Promise.race([drained(parser), ended]);
    contents.throwIfRefused();
  }
  if (isFirst) requireGzip(Buffer.alloc(0));
  parser.end();
  await ended;
  contents.throwIfRefused();
}

/** The parser takes other compressions too; registries and installers do not. */
function requireGzip(start: Buffer): void {
  if (start[0] !== 0x1f || start[1] !== 0x8b) throw new Error('it is not compressed with gzip');
}

async function drained(parser: Parser): Promise<void> {
  await once(parser, 'drain');
}

function archiveError(path: string, cause: unknown): PubError {
  return new PubError('E_ARCHIVE', `\`${path}\` is not an archive that can be published`, { cause });
}
