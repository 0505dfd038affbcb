import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/**
 * The commit checked out around a folder, read from git's own files so that no git has to be there.
 * `undefined` outside a work tree, before the first commit, and wherever the files say something unexpected.
 */
export async function gitHeadOf(folder: string): Promise<string | undefined> {
  for (let current = resolve(folder); ; current = dirname(current)) {
    const gitFolder = await gitFolderIn(current);
    if (gitFolder !== undefined) return await headIn(gitFolder);
    if (current === dirname(current)) return undefined;
  }
}

async function headIn(gitFolder: string): Promise<string | undefined> {
  const head = await textOf(join(gitFolder, 'HEAD'));
  const reference = /^ref: (refs\/[^\s]+)\s*$/.exec(head ?? '')?.[1];
  if (reference === undefined) return commitIn(head);
  // A linked work tree keeps its branches in the main one.
  const common = resolve(gitFolder, (await textOf(join(gitFolder, 'commondir')))?.trim() ?? '.');
  if (reference.split('/').includes('..')) return undefined;
  const loose = commitIn(await textOf(join(common, reference)));
  return loose ?? packedCommit(await textOf(join(common, 'packed-refs')), reference);
}

/** `.git` is a folder, or in linked work trees and submodules a file that names one. */
async function gitFolderIn(folder: string): Promise<string | undefined> {
  const path = join(folder, '.git');
  if ((await textOf(join(path, 'HEAD'))) !== undefined) return path;
  const named = /^gitdir: (.+?)\s*$/.exec((await textOf(path)) ?? '')?.[1];
  return named === undefined ? undefined : resolve(folder, named);
}

function commitIn(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(trimmed) ? trimmed : undefined;
}

function packedCommit(packed: string | undefined, reference: string): string | undefined {
  const line = packed?.split('\n').find((candidate) => candidate.trim().endsWith(` ${reference}`));
  return commitIn(line?.trim().split(' ')[0]);
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}
