import { basename } from 'node:path';
import { ArchiveContents } from '../../archives/archive-contents.ts';
import { concernsAbout } from '../../archives/concerns.ts';
import { Digesting } from '../../archives/digesting.ts';
import { parseArchive } from '../../archives/parse-archive.ts';
import { PubError } from '../../errors.ts';
import { dependencyConcerns } from './dependency-concerns.ts';
import { checkManifest } from './manifest.ts';
import { longestReadme, type NpmArchive, readmeAmong } from './npm-archive.ts';

/**
 * Reads an archive made earlier: its list, manifest and digests, in one streamed pass, writing nothing.
 * Throws `E_ARCHIVE` unless it is a gzipped tar of plain files under one folder, with a manifest that could
 * be published.
 */
export async function readArchive(path: string): Promise<NpmArchive> {
  const digesting = new Digesting();
  const contents = new ArchiveContents({
    manifest: 'package.json',
    largestManifest: 1024 * 1024,
    others: /^readme(\..*)?$/i,
    largestOther: longestReadme,
  });
  try {
    await parseArchive(path, digesting, contents);
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
    concerns: [
      ...dependencyConcerns(content),
      ...concernsAbout({ files, starts: contents.starts, size: digesting.size, unpackedSize }),
    ],
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

function archiveError(path: string, cause: unknown): PubError {
  return new PubError('E_ARCHIVE', `\`${path}\` is not an archive that can be published`, { cause });
}
