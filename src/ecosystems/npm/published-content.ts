import { PubError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { findSharedWorkspace } from './pnpm-workspace.ts';
import { hasWorkspaceRanges, withoutWorkspaceRanges } from './workspace-ranges.ts';

/**
 * What a `package.json` says outside of the workspace it is in: the same object, so that not a byte changes, unless it
 * has ranges or members that pnpm rewrites. A workspace is looked for only then.
 */
export async function publishedContent(folder: string, content: JsonObject): Promise<JsonObject> {
  const overridden = overriddenMembers(content);
  if (overridden.length === 0 && !hasWorkspaceRanges(content)) return content;
  const workspace = await findSharedWorkspace(folder);
  if (workspace === undefined) return content;
  const plain = hasWorkspaceRanges(content)
    ? await withoutWorkspaceRanges(content, folder, workspace)
    : content;
  return workspace.catalogs === undefined ? plain : withOverrides(plain, overridden);
}

/** Without `patchedDependencies`, as npm 12 packs it: patches are the project's own. */
export function withoutPatches(content: JsonObject): JsonObject {
  if (!('patchedDependencies' in content)) return content;
  const { patchedDependencies: _, ...kept } = content;
  return kept;
}

/** Members that pnpm takes from `publishConfig`: a source is used inside the workspace, and what was built outside. */
const overridable = [
  ...['bin', 'engines', 'type', 'imports', 'main', 'module', 'typings', 'types', 'exports', 'browser'],
  ...['esnext', 'es2015', 'unpkg', 'umd:main', 'os', 'cpu', 'libc', 'typesVersions'],
];
/** pnpm's too, and something else than members: what is published would be another package, or another folder. */
const unsupported = ['name', 'directory'];

function overriddenMembers({ publishConfig }: JsonObject): readonly string[] {
  if (!isJsonObject(publishConfig)) return [];
  return [...overridable, ...unsupported].filter((key) => key in publishConfig);
}

function withOverrides(content: JsonObject, overridden: readonly string[]): JsonObject {
  const { publishConfig } = content;
  if (overridden.length === 0 || !isJsonObject(publishConfig)) return content;
  const foreign = overridden.find((key) => unsupported.includes(key));
  if (foreign !== undefined) {
    throw new PubError(
      'E_PROJECT',
      `\`publishConfig.${foreign}\` is something that pnpm alone publishes by`,
      {
        hint: 'run `pnpm pack`, and publish the archive that it makes',
      },
    );
  }
  const moved = Object.entries(publishConfig).filter(([key]) => overridden.includes(key));
  const left = Object.entries(publishConfig).filter(([key]) => !overridden.includes(key));
  const { publishConfig: _, ...members } = content;
  return {
    ...members,
    ...Object.fromEntries(moved),
    ...(left.length > 0 && { publishConfig: Object.fromEntries(left) }),
  };
}

/** The text of a manifest in the indentation and line ends of the original, as npm writes it. */
export function writtenLike(original: string, content: JsonObject): string {
  const [, newline = '', indent = ''] =
    /^\s*\{((?:\r?\n)+)([\s\t]+)/.exec(original.replace(/^\uFEFF/, '')) ?? [];
  return `${JSON.stringify(content, null, indent)}\n`.replaceAll('\n', newline);
}
