import { join } from 'node:path';

/** Where things are in a checkout, for tests, benchmarks and scripts. */
export const root = join(import.meta.dirname, '..', '..');

/** The Node the repository pins: every program under test runs on it, whatever runs the tests. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

export const builtClient = join(root, 'dist', 'pub.cjs');
export const builtRegistry = join(root, 'registry', 'dist', 'pub-registry.cjs');

/** The peer clients and the real packages, an installation of its own beside the workspace. */
export const peerFolder = join(root, 'test', 'peers', 'clients');

/** A folder that `npm run peers:install` made. */
export function peerPackage(name: string): string {
  return join(peerFolder, 'node_modules', name);
}

/** An installation of its own: beside another Verdaccio its parts are found twice, and it does not start. */
export const nextVerdaccio = join(root, 'test', 'peers', 'verdaccio-9', 'node_modules', 'verdaccio');
