import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EcosystemName } from './ecosystem.ts';

/** The ecosystems whose manifest lies in the folder at `path`, or whose archive `path` is. */
export async function ecosystemsAt(path: string): Promise<readonly EcosystemName[]> {
  if (/\.crate$/i.test(path)) return ['cargo'];
  if (/\.(tgz|tar\.gz)$/i.test(path)) return ['npm'];
  const [npm, cargo] = await Promise.all([
    isThere(join(path, 'package.json')),
    isThere(join(path, 'Cargo.toml')),
  ]);
  return [...(npm ? (['npm'] as const) : []), ...(cargo ? (['cargo'] as const) : [])];
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
