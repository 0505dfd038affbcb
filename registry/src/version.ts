import satisfies from 'semver/functions/satisfies.js';
import manifest from '../package.json' with { type: 'json' };

export const version: string = manifest.version;

/** The range of Node versions this runs on, as npm reads it. */
export const nodeRange: string = manifest.engines.node;

export function runsOnNode(nodeVersion: string): boolean {
  return satisfies(nodeVersion, nodeRange);
}
