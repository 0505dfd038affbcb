import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Concern } from '../ecosystem.ts';

/**
 * Dependencies that mean something inside a workspace only, where they are still there: of an archive that somebody
 * else made, or of a folder in no workspace that is known here. npm sends them as they are, and nobody can install that.
 */
export function dependencyConcerns(manifest: JsonObject): readonly Concern[] {
  const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'];
  return kinds.flatMap((kind) => {
    const declared = manifest[kind];
    if (!isJsonObject(declared)) return [];
    const local = Object.entries(declared).filter(
      ([, range]) => typeof range === 'string' && /^(workspace|catalog|link|portal):/.test(range),
    );
    return local.map(([name, range]): Concern => {
      const message = `it needs \`${name}\` as \`${String(range)}\`, which nobody outside of this workspace can install`;
      return { level: 'dangerous', message, hint: 'write a range of versions in its place' };
    });
  });
}
