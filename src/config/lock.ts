import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds. What is done under the lock takes a few; a lock that is older was left by a process that died. */
const stale = 5_000;
const pause = 20;

/**
 * Runs `work` while no other process changes the file at `path`: of two that read, change and replace it at the same
 * moment, one would undo what the other did. The lock is a file beside it. A lock that somebody left is taken over.
 */
export async function whileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  while (!(await taken(lock))) {
    if (await isStale(lock)) await rm(lock, { force: true });
    else await wait(pause);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock: string): Promise<boolean> {
  const found = await stat(lock).catch(() => undefined);
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) > stale;
}
