import manifest from '../package.json' with { type: 'json' };

export const version: string = manifest.version;

/** The range of Node versions this runs on, as npm reads it. */
export const nodeRange: string = manifest.engines.node;

/**
 * Whether a Node of this version is within {@link nodeRange}. Written out, and held to the range by a test: a
 * library that reads ranges is larger than everything else that `pub --version` loads.
 */
export function runsOnNode(nodeVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 22) return minor > 22 || (minor === 22 && patch >= 2);
  if (major === 24) return minor >= 15;
  return major >= 26;
}
