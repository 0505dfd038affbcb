import { glob, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { JsonObject } from '../../json.ts';
import { parseJsonObject } from '../../json.ts';
import { readIfPresent } from './npmrc.ts';

export const pnpmWorkspaceFile = 'pnpm-workspace.yaml';

/** A folder with a manifest that lists others as its members. */
export interface Workspace {
  readonly root: string;
  /** Absolute paths of the members' folders. */
  readonly members: readonly string[];
}

/**
 * The workspace `folder` is the root of, or a member of. Looks upwards as npm does. `workspaceAt` says what a folder is
 * the root of.
 */
export async function findWorkspace<Found extends Workspace>(
  folder: string,
  workspaceAt: (root: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const start = resolve(folder);
  for (const candidate of foldersUpwardsFrom(start)) {
    const workspace = await workspaceAt(candidate);
    if (workspace !== undefined && (candidate === start || workspace.members.includes(start)))
      return workspace;
  }
  return undefined;
}

/** What the `workspaces` of a `package.json` name. */
export async function npmWorkspaceAt(root: string): Promise<Workspace | undefined> {
  const manifest = await readManifestLoosely(root);
  if (manifest === undefined || patternsOf(manifest).length === 0) return undefined;
  return { root, members: await workspaceMembers(root, manifest) };
}

/** The members' folders: those that match a pattern and hold a manifest. */
async function workspaceMembers(root: string, manifest: JsonObject): Promise<readonly string[]> {
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

/**
 * The folder whose `.npmrc` npm reads: the nearest with a manifest or modules, or its workspace's root. Where that is
 * pnpm's, as pnpm finds it: by its file alone, whatever stands in it.
 */
export async function projectRootOf(folder: string): Promise<string> {
  for (const candidate of foldersUpwardsFrom(resolve(folder))) {
    const isProject =
      (await isFile(join(candidate, 'package.json'))) || (await isFolder(join(candidate, 'node_modules')));
    if (!isProject) continue;
    const workspace = await findWorkspace(candidate, npmWorkspaceAt);
    return workspace?.root ?? (await pnpmRootAbove(candidate)) ?? candidate;
  }
  return resolve(folder);
}

async function pnpmRootAbove(folder: string): Promise<string | undefined> {
  for (const candidate of foldersUpwardsFrom(folder)) {
    if (await isFile(join(candidate, pnpmWorkspaceFile))) return candidate;
  }
  return undefined;
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
