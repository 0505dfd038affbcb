import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PubError } from '../../errors.ts';
import type { Ecosystem, Project } from '../ecosystem.ts';
import { FolderProject, type ScriptSettings } from './folder-project.ts';
import { readManifest } from './manifest.ts';

/** Opens folders with a `package.json`, and `.tgz` archives. */
export function createNpmEcosystem(scripts: ScriptSettings): Ecosystem {
  return {
    name: 'npm',
    open: async (path) => await openProject(resolve(path), scripts),
    async openMembers(path, choice) {
      const { openMembers } = await import('./members.ts');
      return await openMembers(resolve(path), choice, scripts);
    },
  };
}

async function openProject(path: string, scripts: ScriptSettings): Promise<Project | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new PubError('E_PROJECT', `failed to open \`${path}\``, { cause: error });
  });
  if (found?.isDirectory()) {
    const manifest = await readManifest(path);
    return manifest === undefined ? undefined : new FolderProject(path, manifest, scripts);
  }
  if (found?.isFile() && /\.(tgz|tar\.gz)$/i.test(path)) {
    const { openArchive } = await import('./archive-project.ts');
    return await openArchive(path);
  }
  return undefined;
}
