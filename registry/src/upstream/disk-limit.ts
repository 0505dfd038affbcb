import type { Background } from '../background.ts';
import { type KeptFile, keptFiles, onDisk, removeIfUnused } from './kept-files.ts';

export interface DiskLimit {
  readonly folder: string;
  readonly maximumBytes: number;
  /** Whether an upstream does not answer: what it said last could not be read again then. */
  readonly isSilent: () => boolean;
  readonly background: Background;
}

/** How much is written before the folder is looked through again, as a part of the limit. */
const partBetweenLooks = 1 / 20;
/** Down to which part of the limit things go, so that the next look is not due at once. */
const partThatStays = 9 / 10;
/** Milliseconds. Whoever fetched a file opens it next: what is that young stays, and is above the limit if it must. */
const young = 10_000;

/**
 * Keeps a folder below its limit: what was not used for longest goes first. The folder is looked through beside
 * requests, and only after something was written: by the first write of a process, and then once for each twentieth
 * of the limit. So two processes on one folder stay below the limit, but for what has just arrived; each further one
 * may add a twentieth.
 */
export function createDiskLimit(limit: DiskLimit): { wrote(bytes: number): void } {
  // What earlier processes wrote is not known.
  let sinceLook = Number.POSITIVE_INFINITY;
  return {
    wrote(bytes) {
      sinceLook += onDisk(bytes);
      if (sinceLook < limit.maximumBytes * partBetweenLooks) return;
      limit.background.run(`upstream files ${limit.folder}`, async () => {
        sinceLook = 0;
        await removeLeastUsed(limit);
      });
    },
  };
}

async function removeLeastUsed({ folder, maximumBytes, isSilent }: DiskLimit): Promise<void> {
  const files: KeptFile[] = [];
  for await (const file of keptFiles(folder)) files.push(file);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (total <= maximumBytes) return;
  // What cannot be asked for again goes after everything else.
  const late = isSilent() ? 'document' : undefined;
  const rank = ({ kind }: KeptFile) => (kind === late ? 1 : 0);
  for (const file of files.sort((one, other) => rank(one) - rank(other) || one.lastUsed - other.lastUsed)) {
    if (total <= maximumBytes * partThatStays) return;
    if (Date.now() - file.lastUsed > young && (await removeIfUnused(file))) total -= file.size;
  }
}
