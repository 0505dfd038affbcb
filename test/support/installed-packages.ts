import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { satisfies } from 'semver';
import * as tar from 'tar';

/** A real package, as npm put it into a `node_modules` of this checkout. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Those below a `node_modules`, nested ones too, each name and version once. */
export async function installedPackages(nodeModules: readonly string[]): Promise<InstalledPackage[]> {
  const found = new Map<string, InstalledPackage>();
  for (const folder of nodeModules) {
    for (const one of await packagesIn(folder)) found.set(`${one.name}@${one.version}`, one);
  }
  return [...found.values()];
}

async function packagesIn(nodeModules: string): Promise<InstalledPackage[]> {
  if (!existsSync(nodeModules)) return [];
  const entries = await readdir(nodeModules, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const inside = folders.map(async ({ name }) => {
    const folder = join(nodeModules, name);
    return name.startsWith('@') ? await packagesIn(folder) : await packageAt(folder);
  });
  return (await Promise.all(inside)).flat();
}

async function packageAt(folder: string): Promise<InstalledPackage[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const manifest = JSON.parse(text) as Partial<Manifest>;
  const nested = await packagesIn(join(folder, 'node_modules'));
  const { name, version } = manifest;
  return name === undefined || version === undefined
    ? nested
    : [{ name, version, folder, manifest: manifest as Manifest }, ...nested];
}

/** Whether its files take no more than `bytes`. */
export async function isSmall({ folder }: InstalledPackage, bytes: number): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((total, size) => total + size, 0) <= bytes;
}

/** Without those that need what is not among them: a dependency that only another platform has, or one left out. */
export function closedUnderDependencies(packages: readonly InstalledPackage[]): InstalledPackage[] {
  const has = (name: string, range: string) =>
    packages.some((one) => one.name === name && satisfies(one.version, range, { loose: true }));
  const kept = packages.filter(({ manifest }) =>
    Object.entries(manifest.dependencies ?? {}).every(([name, range]) => has(name, range)),
  );
  return kept.length === packages.length ? kept : closedUnderDependencies(kept);
}

/** `wanted` and all that an installation of them may take. */
export function withDependencies(
  wanted: readonly InstalledPackage[],
  packages: readonly InstalledPackage[],
): InstalledPackage[] {
  const needed = new Set(wanted);
  for (const { manifest } of needed) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      for (const one of packages) if (one.name === name) needed.add(one);
    }
  }
  return [...needed];
}

/** The folder as it is, without what was installed into it. */
export async function packAsInstalled({ folder }: InstalledPackage): Promise<Buffer> {
  const outside = (path: string) => !/^\.?\/?node_modules(\/|$)/.test(path);
  const files = tar.c(
    { cwd: folder, prefix: 'package', portable: true, gzip: { level: 1 }, filter: outside },
    ['.'],
  );
  return await buffer(files);
}
