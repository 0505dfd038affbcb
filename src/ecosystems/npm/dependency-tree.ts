import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../json.ts';
import { readIfPresent } from './npmrc.ts';
import { type PackingManifest, packingManifest } from './packing-manifest.ts';

/**
 * What npm-packlist reads of a package: the shape of npm's own dependency tree, cut down to that. A linked
 * dependency has a path in the tree and a target elsewhere.
 */
export interface TreeNode {
  readonly path: string;
  readonly package: PackingManifest;
  readonly isProjectRoot: boolean;
  readonly isLink: boolean;
  readonly target: TreeNode;
  /** Names and folders of the members, when the package is the root of a workspace. */
  readonly workspaces: ReadonlyMap<string, string> | null;
  readonly edgesOut: ReadonlyMap<string, TreeEdge>;
}

export interface TreeEdge {
  readonly dev: boolean;
  readonly peer: boolean;
  readonly to: TreeNode | null;
}

interface Kinds {
  readonly dev: boolean;
  readonly peer: boolean;
}

/**
 * The package and what it bundles, found in `node_modules` folders the way Node resolves: from the
 * dependent's own folder upwards, never above the nearest folder that also holds the project.
 */
export async function readDependencyTree(
  folder: string,
  manifest: PackingManifest,
  members: readonly string[],
): Promise<TreeNode> {
  const nodes = new Map<string, TreeNode>();
  const workspaces = members.length === 0 ? null : new Map(members.map((member) => [member, member]));
  const bundles = (manifest.bundleDependencies ?? []).length > 0;
  const root = node({ path: folder, package: manifest, isProjectRoot: true, workspaces });
  nodes.set(folder, root);
  if (bundles) await connect(root, { projectFolder: folder, nodes });
  return root;
}

interface Search {
  readonly projectFolder: string;
  readonly nodes: Map<string, TreeNode>;
}

async function connect(from: TreeNode, search: Search): Promise<void> {
  const edges = from.edgesOut as Map<string, TreeEdge>;
  for (const [name, kinds] of dependenciesOf(from)) {
    edges.set(name, { ...kinds, to: await resolveDependency(name, from, search) });
  }
}

/** A later kind wins over an earlier one, in npm's order; only the root's development dependencies count. */
function dependenciesOf({ package: manifest, isProjectRoot }: TreeNode): ReadonlyMap<string, Kinds> {
  const kinds = new Map<string, Kinds>();
  const add = (member: string, kind: Kinds) => {
    const declared = manifest[member] as JsonObject | undefined;
    if (isJsonObject(declared)) for (const name of Object.keys(declared)) kinds.set(name, kind);
  };
  add('peerDependencies', { dev: false, peer: true });
  add('dependencies', { dev: false, peer: false });
  add('optionalDependencies', { dev: false, peer: false });
  if (isProjectRoot) add('devDependencies', { dev: true, peer: false });
  return kinds;
}

async function resolveDependency(name: string, from: TreeNode, search: Search): Promise<TreeNode | null> {
  if (!isModuleName(name)) return null;
  for (let folder = from.path; ; folder = dirname(folder)) {
    const found = await loadNode(join(folder, 'node_modules', name), search);
    if (found !== undefined) return found;
    if (isWithin(folder, search.projectFolder)) break;
  }
  return null;
}

async function loadNode(path: string, search: Search): Promise<TreeNode | undefined> {
  const known = search.nodes.get(path);
  if (known !== undefined) return known;
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => undefined,
  );
  if (isLink === undefined) return undefined;
  const folder = isLink ? await realpath(path) : path;
  const text = await readIfPresent(join(folder, 'package.json'));
  const manifest = await packingManifest((text && parseJsonObject(text)) || {}, folder);
  const target = node({ path: folder, package: manifest });
  const loaded = isLink ? { ...target, path, isLink: true, target } : target;
  // Known before its own dependencies are followed: dependencies may form a circle.
  search.nodes.set(path, loaded);
  await connect(target, search);
  return loaded;
}

type NodeParts = Pick<TreeNode, 'path' | 'package'> & Partial<TreeNode>;

function node(parts: NodeParts): TreeNode {
  const made = {
    isProjectRoot: false,
    isLink: false,
    workspaces: null,
    edgesOut: new Map<string, TreeEdge>(),
    ...parts,
  };
  return Object.assign(made, { target: made as unknown as TreeNode });
}

/** A manifest may name anything as a dependency; only a name that stays in `node_modules` is looked for. */
function isModuleName(name: string): boolean {
  return (
    /^(@[^/\\]+\/)?[^/\\]+$/.test(name) && !name.split('/').some((part) => part === '..' || part === '.')
  );
}

function isWithin(root: string, folder: string): boolean {
  const way = relative(root, folder);
  return way !== '..' && !way.startsWith(`..${sep}`);
}
