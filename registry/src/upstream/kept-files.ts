import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where what was read from upstream lies. Of each file, the time of its last access is when it was last used, set by
 * us where the system does not, and to within an hour: nothing else remembers it, so a restart, another process and
 * a crash change nothing.
 */

/** One file that could go. */
export interface KeptFile {
  readonly path: string;
  readonly kind: 'document' | 'pins' | 'archive';
  /** What it takes of the disk, in bytes. */
  readonly size: number;
  readonly lastUsed: number;
}

/** Milliseconds. */
const coarseness = 60 * 60 * 1_000;

export const foldersOf = (folder: string) => ({
  documents: join(folder, 'documents'),
  pins: join(folder, 'pins'),
  archives: join(folder, 'archives'),
});

export function documentFile(folder: string, key: string): string {
  return join(foldersOf(folder).documents, nameFor(key));
}

export function pinsFile(folder: string, key: string): string {
  return join(foldersOf(folder).pins, nameFor(key));
}

function nameFor(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** As `store/blob-folder.ts` lays it out. */
export function archiveFile(folder: string, sha256: string): string {
  return join(foldersOf(folder).archives, 'sha256', sha256.slice(0, 2), sha256);
}

/** Notes that a file is in use. `touch` sets its times; both of an open file are of that file, whatever its name leads to by now. */
export async function noteUse(
  { atimeMs, mtimeMs }: Pick<Stats, 'atimeMs' | 'mtimeMs'>,
  touch: (atime: number, mtime: number) => Promise<void>,
): Promise<void> {
  const now = Date.now();
  if (now - atimeMs > coarseness) await touch(now / 1_000, mtimeMs / 1_000);
}

/** The same by its name. One that is gone was used for the last time. */
export async function noteUseOf(path: string): Promise<void> {
  await ifThere(async () => noteUse(await stat(path), (...times) => utimes(path, ...times)));
}

/** All but what is still being written, and what vanished meanwhile. */
export async function* keptFiles(folder: string): AsyncGenerator<KeptFile> {
  const { documents, pins, archives } = foldersOf(folder);
  yield* filesIn(documents, 'document');
  yield* filesIn(pins, 'pins');
  for (const prefix of await namesIn(join(archives, 'sha256'))) {
    yield* filesIn(join(archives, 'sha256', prefix), 'archive');
  }
}

async function* filesIn(folder: string, kind: KeptFile['kind']): AsyncGenerator<KeptFile> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const found = await ifThere(() => stat(path));
    if (found === undefined || !found.isFile()) continue;
    if (isWhole(name)) yield { path, kind, size: onDisk(found.size), lastUsed: found.atimeMs };
    else if (Date.now() - found.atimeMs > abandonedAfter) await rm(path, { force: true });
  }
}

/** It is renamed to its digest when all of it is there. */
const isWhole = (name: string) => /^[0-9a-f]{64}$/.test(name);

/** As for archives that are being received: what a crash left is older than anything that is under way. */
const abandonedAfter = 24 * 60 * 60 * 1_000;

/** Most file systems give space away in pieces of this size; nothing takes none. */
const block = 4_096;

export function onDisk(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / block)) * block;
}

/** Takes the file away, unless it was used since it was looked at. */
export async function removeIfUnused({ path, lastUsed }: KeptFile): Promise<boolean> {
  const found = await ifThere(() => stat(path));
  if (found !== undefined && found.atimeMs !== lastUsed) return false;
  await rm(path, { force: true });
  return true;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await ifThere(() => readdir(folder))) ?? [];
}

export async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
