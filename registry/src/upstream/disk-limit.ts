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

/** Twice through the folder, and never a list of it: a large one holds millions of files. */
async function removeLeastUsed({ folder, maximumBytes, isSilent }: DiskLimit): Promise<void> {
  const turnOf = isSilent() ? documentsLast : inOrder;
  const bytesByTurn = new Map<number, number>();
  for await (const file of keptFiles(folder)) {
    bytesByTurn.set(turnOf(file), (bytesByTurn.get(turnOf(file)) ?? 0) + file.size);
  }
  const total = [...bytesByTurn.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total <= maximumBytes) return;
  const left = upTo(total - maximumBytes * partThatStays, bytesByTurn);
  for await (const file of keptFiles(folder)) {
    const bytes = left.get(turnOf(file)) ?? 0;
    if (bytes <= 0 || Date.now() - file.lastUsed <= young) continue;
    if (await removeIfUnused(file)) left.set(turnOf(file), bytes - file.size);
  }
}

/** Files of one turn go in any order: when they were used last is not known much better. */
function inOrder({ kind, lastUsed }: KeptFile): number {
  return Math.floor((lastUsed + (kind === 'pins' ? pinsStayLonger : 0)) / minute);
}

/** What cannot be asked for again goes after everything else. */
function documentsLast(file: KeptFile): number {
  return file.kind === 'archive' ? inOrder(file) : inOrder(file) + afterAllOthers;
}

const minute = 60_000;
/** So that a package which nobody asks for in a month of holidays is still what it was. */
const pinsStayLonger = 30 * 24 * 60 * minute;
const afterAllOthers = Number.MAX_SAFE_INTEGER / 2;

/** The turns that come first, with how much of each has to go, until `excess` is reached. */
function upTo(excess: number, bytesByTurn: ReadonlyMap<number, number>): Map<number, number> {
  const chosen = new Map<number, number>();
  let missing = excess;
  for (const [turn, bytes] of [...bytesByTurn].sort(([one], [other]) => one - other)) {
    if (missing <= 0) break;
    chosen.set(turn, Math.min(bytes, missing));
    missing -= bytes;
  }
  return chosen;
}
