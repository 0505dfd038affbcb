import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import packlist from 'npm-packlist/lib/index.js';
import { concernsAbout, mustLookInside, startLength } from '../../archives/concerns.ts';
import { Digesting } from '../../archives/digesting.ts';
import { PubError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Concern, PackOptions } from '../ecosystem.ts';
import { dependencyConcerns } from './dependency-concerns.ts';
import { readDependencyTree } from './dependency-tree.ts';
import { gitHeadOf } from './git-head.ts';
import type { Manifest } from './manifest.ts';
import { longestReadme, type NpmArchive, type Readme, readmeAmong } from './npm-archive.ts';
import { archiveFileName } from './package-name.ts';
import { type PackingManifest, packingManifest } from './packing-manifest.ts';
import { publishedContent, withoutPatches, writtenLike } from './published-content.ts';
import { type TarEntry, tarStream } from './tar-stream.ts';
import { findWorkspace, npmWorkspaceAt, type Workspace } from './workspaces.ts';

/** Packs a folder into another one: the same files, order and tar stream as `npm pack` (npm 12) makes. */
export async function packFolder(
  folder: string,
  manifest: Manifest,
  { folder: into, onPacked }: Pick<PackOptions, 'folder' | 'onPacked'>,
): Promise<NpmArchive> {
  const published = await publishedContent(folder, manifest.content);
  // Patches are what is left out by, so they count for choosing the files.
  const content = withoutPatches(published);
  const [normalized, workspace] = await Promise.all([
    packingManifest(published, folder),
    findWorkspace(folder, npmWorkspaceAt),
  ]);
  const paths = await filesToPack(folder, normalized, workspace);
  const fileName = archiveFileName(manifest.name, manifest.version);
  const path = join(into, fileName);
  const digesting = new Digesting();
  const replaced =
    content === manifest.content ? undefined : await replacedManifest(folder, content, `${path}.manifest`);
  const { stream, entries } = tarStream({ folder, paths, bins: normalized.bin, replaced, onPacked });
  try {
    await writeThrough(stream, path, digesting);
  } catch (error) {
    await rm(path, { force: true });
    throw packingError(folder, error);
  } finally {
    if (replaced !== undefined) await rm(replaced.path, { force: true });
  }
  const files = entries.map(({ path, size, mode }: TarEntry) => ({ path, size, mode }));
  const unpackedSize = files.reduce((sum, { size }) => sum + size, 0);
  const [starts, readme, gitHead] = await Promise.all([
    startsOf(folder, paths),
    readReadme(folder, paths),
    gitHeadOf(folder),
  ]);
  return {
    ecosystem: 'npm',
    name: manifest.name,
    version: manifest.version,
    fileName,
    path,
    size: digesting.size,
    unpackedSize,
    digests: digesting.digests(),
    files,
    manifest: content,
    concerns: [
      ...dependencyConcerns(content),
      ...concernsAbout({ files, starts, size: digesting.size, unpackedSize }),
      ...packedMembers(folder, paths, workspace),
    ],
    readme,
    gitHead,
  };
}

async function filesToPack(
  folder: string,
  manifest: PackingManifest,
  workspace: Workspace | undefined,
): Promise<readonly string[]> {
  const isRoot = workspace?.root === folder;
  const tree = await readDependencyTree(folder, manifest, isRoot ? workspace.members : []);
  // As npm does in a member's folder: the root's ignore files count for its members too.
  const member = workspace !== undefined && !isRoot ? { prefix: workspace.root, workspaces: [folder] } : {};
  const paths = await packlist(tree, { path: folder, ...member }).catch((error: unknown) => {
    throw packingError(folder, error);
  });
  const outside = paths.find((path) => path.startsWith('../'));
  if (outside === undefined) return paths;
  // npm would pack it as `package/../…`, and no installer unpacks that.
  throw new PubError('E_PROJECT', `failed to pack \`${folder}\`: \`${outside}\` is outside of it`, {
    hint: 'it belongs to a bundled dependency that is a link: install that dependency instead of linking it',
  });
}

/** npm 12 packs the members' files with the root's (measured), which few people mean. */
function packedMembers(
  folder: string,
  paths: readonly string[],
  workspace: Workspace | undefined,
): readonly Concern[] {
  if (workspace?.root !== folder) return [];
  const members = workspace.members.map((member) => relative(folder, member).replaceAll('\\', '/'));
  const packed = members.filter((member) => paths.some((path) => path.startsWith(`${member}/`)));
  return packed.map((member) => {
    return {
      level: 'notable',
      message: `\`${member}\`, a member of this workspace, is packed with its root`,
    };
  });
}

/** The changed text stands in a file beside the archive until that is written. */
async function replacedManifest(folder: string, content: JsonObject, path: string) {
  const text = writtenLike(await readFile(join(folder, 'package.json'), 'utf8'), content);
  await rm(path, { force: true });
  await writeFile(path, text, { flag: 'wx' });
  return { path, size: Buffer.byteLength(text) };
}

async function writeThrough(stream: AsyncIterable<Uint8Array>, path: string, digesting: Digesting) {
  // A new file: a project may hold a link of this name that leads out of it.
  await rm(path, { force: true });
  const file = await open(path, 'wx');
  try {
    for await (const chunk of stream) {
      digesting.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}

async function startsOf(folder: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const starts = new Map<string, string>();
  for (const path of paths.filter(mustLookInside)) {
    starts.set(path.replace(/^\.\//, ''), await startOf(join(folder, path)));
  }
  return starts;
}

async function startOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startLength), 0, startLength, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readReadme(folder: string, paths: readonly string[]): Promise<Readme | undefined> {
  const fileName = readmeAmong(paths);
  if (fileName === undefined) return undefined;
  const text = await readFile(join(folder, fileName), 'utf8');
  return text.length > longestReadme ? undefined : { fileName, text };
}

function packingError(what: string, cause: unknown): PubError {
  return new PubError('E_PROJECT', `failed to pack \`${what}\``, { cause });
}
