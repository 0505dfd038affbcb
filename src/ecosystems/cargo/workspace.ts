import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PubError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import { askCargo, type CargoSettings } from './cargo-command.ts';

/** A package of a workspace; one alone is a workspace of one. */
export interface CratePackage {
  readonly name: string;
  readonly version: string;
  readonly manifestPath: string;
  readonly folder: string;
  /** `package.publish`: names of registries; `undefined` for any, none for a package that is not published. */
  readonly publish: readonly string[] | undefined;
  /** Names of members that have to be in the index before it: whatever stands in its packed manifest. */
  readonly dependencies: readonly string[];
}

export interface CrateWorkspace {
  readonly root: string;
  readonly targetFolder: string;
  readonly members: readonly CratePackage[];
}

/** Asks cargo, which resolves what a manifest takes from its workspace. No network. Throws `E_PROJECT`. */
export async function readWorkspace(folder: string, settings: CargoSettings): Promise<CrateWorkspace> {
  const manifest = join(folder, 'Cargo.toml');
  const attempt = `failed to read \`${manifest}\``;
  const args = ['metadata', '--format-version', '1', '--no-deps', '--manifest-path', manifest];
  const answer = parseJsonObject(await askCargo(args, settings, attempt));
  const root = stringMember(answer, 'workspace_root');
  const targetFolder = stringMember(answer, 'target_directory');
  const packages = answer?.['packages'];
  if (root === undefined || targetFolder === undefined || !Array.isArray(packages)) {
    throw new PubError('E_PROJECT', attempt, {
      cause: new Error('the answer of `cargo metadata` is not understood'),
    });
  }
  const members = packages.filter(isJsonObject).flatMap(packageFrom);
  return { root, targetFolder, members };
}

/** The package whose manifest lies in `folder`; `undefined` where it is the root of a workspace and nothing else. */
export async function packageIn(
  { members }: CrateWorkspace,
  folder: string,
): Promise<CratePackage | undefined> {
  const wanted = await realFolder(folder);
  for (const member of members) if ((await realFolder(member.folder)) === wanted) return member;
  return undefined;
}

export async function realFolder(folder: string): Promise<string> {
  return await realpath(folder).catch(() => folder);
}

function packageFrom(entry: JsonObject): readonly CratePackage[] {
  const name = stringMember(entry, 'name');
  const version = stringMember(entry, 'version');
  const manifestPath = stringMember(entry, 'manifest_path');
  if (name === undefined || version === undefined || manifestPath === undefined) return [];
  const { publish, dependencies } = entry;
  return [
    {
      name,
      version,
      manifestPath,
      folder: dirname(manifestPath),
      publish: Array.isArray(publish)
        ? publish.filter((registry) => typeof registry === 'string')
        : undefined,
      dependencies: Array.isArray(dependencies) ? dependencies.flatMap(nameOfPublished) : [],
    },
  ];
}

/** cargo leaves a development dependency out of the packed manifest where it has a path and no version. */
function nameOfPublished(entry: Json): readonly string[] {
  const dependency = isJsonObject(entry) ? entry : undefined;
  const name = stringMember(dependency, 'name');
  if (name === undefined || stringMember(dependency, 'path') === undefined) return [];
  const leftOut = dependency?.['kind'] === 'dev' && dependency['req'] === '*';
  return leftOut ? [] : [name];
}
