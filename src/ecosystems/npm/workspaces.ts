import { glob, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { JsonObject } from '../../json.ts';
import { parseJsonObject } from '../../json.ts';
import { readIfPresent } from './npmrc.ts';

/** A folder with a manifest that lists others as its members. */
export interface Workspace {
  readonly root: string;
  /** Absolute paths of the members' folders. */
  readonly members: readonly string[];
}

/** The workspace `folder` is the root of, or a member of. Looks upwards as npm does. */
export async function findWorkspace(folder: string): Promise<Workspace | undefined> {
  const start = resolve(folder);
  for (const candidate of foldersUpwardsFrom(start)) {
    const manifest = await readManifestLoosely(candidate);
    if (manifest === undefined || patternsOf(manifest).length === 0) continue;
    const members = await workspaceMembers(candidate, manifest);
    if (candidate === start || members.includes(start)) return { root: candidate, members };
  }
  return undefined;
}

/** The members' folders: those that match a pattern and hold a manifest. */
export async function workspaceMembers(root: string, manifest: JsonObject): Promise<readonly string[]> {
  const members = new Set<string>();
  for (const pattern of patternsOf(manifest)) {
    const isNegation = pattern.startsWith('!');
    const relative = pattern
      .replace(/^!+/, '')
      .replace(/^\.?\/+/, '')
      .replace(/\/+$/, '');
    for await (const match of glob(relative, {
      cwd: root,
      exclude: (path) => basename(path) === 'node_modules',
    })) {
      const folder = join(root, match);
      if (isNegation) members.delete(folder);
      else if (await isFile(join(folder, 'package.json'))) members.add(folder);
    }
  }
  members.delete(root);
  return [...members].sort();
}

/** The folder whose `.npmrc` npm reads: the nearest with a manifest or modules, or its workspace's root. */
export async function projectRootOf(folder: string): Promise<string> {
  for (const candidate of foldersUpwardsFrom(resolve(folder))) {
    const isProject =
      (await isFile(join(candidate, 'package.json'))) || (await isFolder(join(candidate, 'node_modules')));
    if (isProject) return (await findWorkspace(candidate))?.root ?? candidate;
  }
  return resolve(folder);
}

function patternsOf(manifest: JsonObject): readonly string[] {
  const declared = manifest['workspaces'];
  const list = Array.isArray(declared) ? declared : (declared as JsonObject | undefined)?.['packages'];
  return Array.isArray(list) ? list.filter((pattern) => typeof pattern === 'string') : [];
}

async function readManifestLoosely(folder: string): Promise<JsonObject | undefined> {
  const text = await readIfPresent(join(folder, 'package.json')).catch(() => undefined);
  return text === undefined ? undefined : parseJsonObject(text);
}

function* foldersUpwardsFrom(folder: string): Generator<string> {
  for (let current = folder; ; current = dirname(current)) {
    yield current;
    if (dirname(current) === current) return;
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
