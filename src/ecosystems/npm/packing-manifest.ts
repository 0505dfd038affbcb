import { glob } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';

/** Names to paths inside the package. */
export type Bins = Readonly<Record<string, string>>;

/** The members of a manifest that decide which files are packed, in the one form npm brings them into. */
export interface PackingManifest {
  readonly [key: string]: unknown;
  readonly bin: Bins | undefined;
  readonly bundleDependencies: readonly string[] | undefined;
}

/** The forms npm allows, brought to one (its `normalize` steps; measured by comparing archives). */
export async function packingManifest(content: JsonObject, folder: string): Promise<PackingManifest> {
  const bundle = content['bundleDependencies'] ?? content['bundledDependencies'];
  return {
    ...content,
    bin: normalizedBins(content) ?? (await binsOfFolder(content, folder)),
    bundleDependencies: bundledNames(bundle, content['dependencies']),
  };
}

/** `bin` as an object with safe paths, or `undefined` when the manifest has none that is usable. */
export function normalizedBins(content: JsonObject): Bins | undefined {
  const declared = content['bin'];
  const pairs: [string, Json][] = [];
  if (typeof declared === 'string') pairs.push([String(content['name']), declared]);
  else if (Array.isArray(declared)) {
    for (const path of declared) if (typeof path === 'string') pairs.push([basename(path), path]);
  } else if (isJsonObject(declared)) pairs.push(...Object.entries(declared));

  const bins: Record<string, string> = {};
  for (const [name, path] of pairs) {
    const target = typeof path === 'string' ? insidePackage(path) : '';
    const key = basename(insidePackage(name));
    if (key !== '' && target !== '') bins[key] = target;
  }
  return Object.keys(bins).length > 0 ? bins : undefined;
}

async function binsOfFolder(content: JsonObject, folder: string): Promise<Bins | undefined> {
  const directories = content['directories'];
  const declared = isJsonObject(directories) ? directories['bin'] : undefined;
  if (typeof declared !== 'string' || content['bin'] !== undefined) return undefined;
  const inside = insidePackage(declared);
  const bins: Record<string, string> = {};
  for await (const path of glob('**', { cwd: resolve(folder, inside) })) {
    if (path !== '' && !path.startsWith('.')) bins[basename(path)] = `${inside}/${insidePackage(path)}`;
  }
  return bins;
}

/** A path that cannot leave the package, with forward slashes: `../x` becomes `x`. */
export function insidePackage(path: string): string {
  const unix = path.replaceAll(/[\\:]/g, '/');
  return join('/', unix).replaceAll('\\', '/').replace(/^\//, '');
}

function bundledNames(
  declared: Json | undefined,
  dependencies: Json | undefined,
): readonly string[] | undefined {
  if (declared === true) return isJsonObject(dependencies) ? Object.keys(dependencies) : [];
  if (Array.isArray(declared)) return declared.filter((name) => typeof name === 'string');
  return isJsonObject(declared) ? Object.keys(declared) : undefined;
}
