import { glob } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { PubError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from '../../json.ts';
import { readIfPresent } from './npmrc.ts';
import { findWorkspace, npmWorkspaceAt, pnpmWorkspaceFile, type Workspace } from './workspaces.ts';

/** A workspace whose members may depend on each other by `workspace:`. */
export interface SharedWorkspace extends Workspace {
  /** pnpm's: ranges by the name of a catalog and of a package. `undefined` where the workspace is not pnpm's. */
  readonly catalogs?: Catalogs;
}

export type Catalogs = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/**
 * The workspace of the tool that a project is kept with: pnpm's where a folder has both kinds, as pnpm reads nothing
 * else, and whoever uses npm there has no reason to write pnpm's file.
 */
export async function findSharedWorkspace(folder: string): Promise<SharedWorkspace | undefined> {
  return await findWorkspace(
    folder,
    async (root) => (await pnpmWorkspaceAt(root)) ?? (await npmWorkspaceAt(root)),
  );
}

/** What `packages` in a `pnpm-workspace.yaml` names. The file may be there for settings alone, without them. */
async function pnpmWorkspaceAt(root: string): Promise<SharedWorkspace | undefined> {
  const path = join(root, pnpmWorkspaceFile);
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const content = await parseYaml(text, path);
  const patterns = content['packages'];
  if (!Array.isArray(patterns)) return undefined;
  const members = await membersOf(
    root,
    patterns.filter((pattern) => typeof pattern === 'string'),
  );
  return { root, members, catalogs: catalogsOf(content, path) };
}

async function parseYaml(text: string, path: string): Promise<JsonObject> {
  const { parse } = await import('yaml');
  try {
    const content = parse(text, { logLevel: 'error' }) as Json;
    return isJsonObject(content) ? content : {};
  } catch (error) {
    throw notYaml(path, error);
  }
}

function notYaml(path: string, cause: unknown): PubError {
  return new PubError('E_PROJECT', `\`${path}\` is not YAML`, { cause });
}

/** As pnpm takes them: what a pattern with `!` names is out wherever it stands, and the root is a member of its own. */
async function membersOf(root: string, patterns: readonly string[]): Promise<readonly string[]> {
  const members = new Set<string>();
  const isNegation = (pattern: string) => pattern.startsWith('!');
  for (const pattern of patterns) if (!isNegation(pattern)) await addMatches(members, root, pattern);
  const excluded = new Set<string>();
  for (const pattern of patterns.filter(isNegation)) await addMatches(excluded, root, pattern.slice(1));
  members.delete(root);
  if (await isReleased(root)) members.add(root);
  return [...members].filter((folder) => !excluded.has(folder)).sort();
}

/** Adds the folders with a manifest that match. */
async function addMatches(folders: Set<string>, root: string, pattern: string): Promise<void> {
  // pnpm passes over what begins at the root of the disk.
  if (pattern.startsWith('/')) return;
  const manifests = posix.join(posix.normalize(pattern), 'package.json');
  const exclude = (path: string) => ['node_modules', 'bower_components'].includes(basename(path));
  for await (const match of glob(manifests, { cwd: root, exclude })) folders.add(dirname(join(root, match)));
}

/** Most roots are no package; `pnpm publish -r` takes those that are, too. */
async function isReleased(root: string): Promise<boolean> {
  const {
    name,
    version,
    private: kept,
  } = parseJsonObject((await readIfPresent(join(root, 'package.json'))) ?? '') ?? {};
  return typeof name === 'string' && typeof version === 'string' && kept !== true;
}

function catalogsOf({ catalog, catalogs }: JsonObject, path: string): Catalogs {
  const named = isJsonObject(catalogs) ? Object.entries(catalogs) : [];
  const all = [...(catalog === undefined ? [] : [['default', catalog] as const]), ...named];
  if (new Set(all.map(([name]) => name)).size < all.length) {
    throw new PubError('E_PROJECT', `\`${path}\` has two default catalogs`, {
      hint: 'keep either `catalog` or `catalogs.default`',
    });
  }
  return Object.fromEntries(
    all.flatMap(([name, entries]) => (isJsonObject(entries) ? [[name, entries]] : [])),
  );
}
