import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PubError } from '../../errors.ts';
import type { Ecosystem, MemberChoice, Members, Project } from '../ecosystem.ts';
import type { CargoSettings } from './cargo-command.ts';
import { archiveProject, crateProject, PackedTogether } from './crate-project.ts';
import { type CratePackage, type CrateWorkspace, packageIn, readWorkspace, realFolder } from './workspace.ts';

/** Opens folders with a `Cargo.toml`, and `.crate` archives. */
export function createCargoEcosystem(settings: CargoSettings): Ecosystem {
  return {
    name: 'cargo',
    open: async (path) => await openProject(resolve(path), settings),
    openMembers: async (path, choice) => await openMembers(resolve(path), choice, settings),
  };
}

async function openProject(path: string, settings: CargoSettings): Promise<Project | undefined> {
  if (await isFile(path)) return /\.crate$/i.test(path) ? await openArchive(path) : undefined;
  if (!(await isFile(join(path, 'Cargo.toml')))) return undefined;
  const workspace = await readWorkspace(path, settings);
  const crate = await packageIn(workspace, path);
  if (crate === undefined) {
    throw new PubError('E_PROJECT', `\`${path}\` is a workspace without a package of its own`, {
      hint: 'pass --workspace for all of its members, or --package with the name of one',
    });
  }
  return crateProject(crate, new PackedTogether([crate], workspace, settings));
}

async function openArchive(path: string): Promise<Project> {
  const { readCrate } = await import('./read-crate.ts');
  return archiveProject(await readCrate(path));
}

async function openMembers(
  path: string,
  choice: MemberChoice,
  settings: CargoSettings,
): Promise<Members | undefined> {
  if (!(await isFile(join(path, 'Cargo.toml')))) return undefined;
  const workspace = await readWorkspace(path, settings);
  const chosen = choice === 'all' ? workspace.members : await chosenMembers(workspace, path, choice);
  const isPrivate = ({ publish }: CratePackage) => publish?.length === 0;
  const published = chosen.filter((member) => !isPrivate(member));
  const together = new PackedTogether(published, workspace, settings);
  return {
    projects: published.map((member) => crateProject(member, together)),
    private: chosen.filter(isPrivate).map(({ name }) => name),
  };
}

/** By name, or by the folder of one. In the order of the workspace. */
async function chosenMembers(
  workspace: CrateWorkspace,
  path: string,
  choice: readonly string[],
): Promise<readonly CratePackage[]> {
  const chosen = new Set<CratePackage>();
  for (const wanted of choice) {
    const folder = await realFolder(resolve(path, wanted));
    const member =
      workspace.members.find(({ name }) => name === wanted) ?? (await packageIn(workspace, folder));
    if (member === undefined) {
      throw new PubError('E_PROJECT', `the workspace has no member \`${wanted}\``, {
        hint: `its members are ${workspace.members.map(({ name }) => name).join(', ')}`,
      });
    }
    chosen.add(member);
  }
  return workspace.members.filter((member) => chosen.has(member));
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new PubError('E_PROJECT', `failed to open \`${path}\``, { cause: error });
  });
  return found?.isFile() === true;
}
