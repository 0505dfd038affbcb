import { resolve, sep } from 'node:path';
import { PubError } from '../../errors.ts';
import { parseJsonObject, stringMember } from '../../json.ts';
import type { MemberChoice, Members } from '../ecosystem.ts';
import { FolderProject, type ScriptSettings } from './folder-project.ts';
import { readManifest } from './manifest.ts';
import { readIfPresent } from './npmrc.ts';
import { findSharedWorkspace } from './pnpm-workspace.ts';
import type { Workspace } from './workspaces.ts';

interface Member {
  readonly folder: string;
  readonly name: string;
  readonly private: boolean;
}

/** Members of the workspace around `path`, npm's or pnpm's, chosen by name or by folder as npm's `--workspace` does. */
export async function openMembers(
  path: string,
  choice: MemberChoice,
  scripts: ScriptSettings,
): Promise<Members | undefined> {
  const workspace = await findSharedWorkspace(path);
  if (workspace === undefined) return undefined;
  const all = await Promise.all(workspace.members.map(readMember));
  refuseSameNames(all);
  const chosen = choice === 'all' ? all : chosenAmong(all, choice, workspace, scripts.workingDirectory);
  const published = chosen.filter((member) => !member.private);
  return {
    projects: await Promise.all(published.map(({ folder }) => openMember(folder, scripts))),
    private: chosen.filter((member) => member.private).map(({ name }) => name),
  };
}

/** Read loosely: what is private needs neither a version nor a name that could be published. */
async function readMember(folder: string): Promise<Member> {
  const content = parseJsonObject((await readIfPresent(`${folder}/package.json`)) ?? '');
  return { folder, name: stringMember(content, 'name') ?? folder, private: content?.['private'] === true };
}

async function openMember(folder: string, scripts: ScriptSettings): Promise<FolderProject> {
  const manifest = await readManifest(folder);
  if (manifest !== undefined) return new FolderProject(folder, manifest, scripts);
  throw new PubError('E_PROJECT', `the member \`${folder}\` of the workspace lost its package.json`);
}

function refuseSameNames(members: readonly Member[]): void {
  const folders = new Map<string, string>();
  for (const { name, folder } of members) {
    const other = folders.get(name);
    if (other !== undefined) {
      throw new PubError('E_PROJECT', `two members of the workspace are named \`${name}\``, {
        cause: new Error(`\`${other}\` and \`${folder}\``),
        hint: 'give one of them another name',
      });
    }
    folders.set(name, folder);
  }
}

/** A name, a member's folder, or a folder that members are in; folders from here, or from the workspace's root. */
function chosenAmong(
  members: readonly Member[],
  choice: readonly string[],
  { root }: Workspace,
  workingDirectory: string,
): readonly Member[] {
  const chosen = new Set<Member>();
  for (const entry of choice) {
    const places = [resolve(workingDirectory, entry), resolve(root, entry)];
    const found = members.filter(
      ({ name, folder }) => name === entry || places.some((place) => isWithin(folder, place)),
    );
    if (found.length === 0) throw noSuchMember(entry, members);
    for (const member of found) chosen.add(member);
  }
  return members.filter((member) => chosen.has(member));
}

function isWithin(folder: string, place: string): boolean {
  return folder === place || folder.startsWith(place.endsWith(sep) ? place : `${place}${sep}`);
}

function noSuchMember(entry: string, members: readonly Member[]): PubError {
  const names = members.slice(0, 10).map(({ name }) => `\`${name}\``);
  const more = members.length > names.length ? ' and others' : '';
  return new PubError('E_PROJECT', `the workspace has no member \`${entry}\``, {
    hint: names.length === 0 ? 'it has no members at all' : `its members are ${names.join(', ')}${more}`,
  });
}
