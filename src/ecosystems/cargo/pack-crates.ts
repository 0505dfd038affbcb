import { constants } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cratesIoUrl } from '../../config/registry-target.ts';
import type { PackOptions } from '../ecosystem.ts';
import { type CargoSettings, runCargo } from './cargo-command.ts';
import type { CrateArchive } from './read-crate.ts';
import type { CratePackage, CrateWorkspace } from './workspace.ts';

/**
 * Has cargo pack these packages, in one run: a package that depends on another of them gets the other's digest into its
 * lockfile, so they can only be packed together. Gives the folder the archives are in.
 *
 * Without `--verify` into a folder of its own, so that nothing is left in the project; with it cargo builds in the
 * project's own folder, where the dependencies may be built already.
 */
export async function packCrates(
  packages: readonly CratePackage[],
  workspace: CrateWorkspace,
  options: PackOptions,
  settings: CargoSettings,
): Promise<string> {
  const [first] = packages;
  if (first === undefined) throw new Error('no package to pack');
  const target = options.verify === true ? workspace.targetFolder : await settings.temporaryFolder();
  const { registryUrl } = options;
  const names = packages.map(({ name }) => name);
  const args = [
    'package',
    ...['--manifest-path', packages.length === 1 ? first.manifestPath : join(workspace.root, 'Cargo.toml')],
    ...packages.flatMap(({ name, version }) => ['--package', `${name}@${version}`]),
    ...(options.verify === true ? [] : ['--no-verify', '--target-dir', target]),
    ...(options.allowDirty === true ? ['--allow-dirty'] : []),
    // Where the packages find each other; a single one is packed alike for every registry.
    ...(packages.length > 1 && registryUrl !== undefined && registryUrl !== cratesIoUrl
      ? ['--index', registryUrl]
      : []),
  ];
  const attempt = `failed to pack ${names.map((name) => `\`${name}\``).join(', ')}`;
  // What reads archives is loaded while cargo is at work.
  await Promise.all([runCargo(args, settings, attempt), import('./read-crate.ts')]);
  return join(target, 'package');
}

/** Copies an archive to where it was asked for, as a new file: a project may hold a link of this name. */
export async function takeCrate(
  { name, version }: CratePackage,
  from: string,
  folder: string,
): Promise<CrateArchive> {
  const fileName = `${name}-${version}.crate`;
  const path = join(folder, fileName);
  const { readCrate } = await import('./read-crate.ts');
  // What `--verify` packed lies there already, when that is the place.
  if (folder === from) return await readCrate(path);
  await mkdir(folder, { recursive: true });
  await rm(path, { force: true });
  await copyFile(join(from, fileName), path, constants.COPYFILE_EXCL);
  return await readCrate(path);
}
