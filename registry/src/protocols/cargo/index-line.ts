import type { Entry } from '../../releases/submission.ts';
import { splitFeatures } from './features.ts';
import type { CrateManifest } from './manifest.ts';

/**
 * What the index says of one version, from its publishing on and for ever. Without `yanked` and
 * `pubtime`, which are put in when the index is rendered. "JSON schema" of the Cargo book's registry index.
 */
export function indexLine(manifest: CrateManifest, cksum: string): Entry {
  const { name, version, dependencies, links, rustVersion } = manifest;
  const { features, features2 } = splitFeatures(manifest.features);
  return {
    name,
    vers: version,
    deps: dependencies,
    cksum,
    features,
    // A cargo that cannot read `features2` passes over versions of `v` 2.
    ...(features2 && { features2, v: 2 }),
    ...(links !== null && { links }),
    ...(rustVersion !== null && { rust_version: rustVersion }),
  };
}

/** The same as a reader gets it. `publishedAt` is missing for a version that is only staged. */
export function servedLine(
  line: string,
  { yanked, publishedAt }: { readonly yanked: boolean; readonly publishedAt: number | undefined },
): string {
  const pubtime = publishedAt === undefined ? '' : `,"pubtime":"${seconds(publishedAt)}"`;
  return `${line.slice(0, -1)},"yanked":${yanked}${pubtime}}\n`;
}

/** Exactly twenty characters: cargo passes over a line with any other time. */
function seconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
