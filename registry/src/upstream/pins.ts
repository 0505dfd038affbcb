import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { foldersOf, ifThere, noteUseOf, pinsFile } from './kept-files.ts';

/** What each version of a package was when it was first seen: its SHA-512, in Base64. */
export type Pins = ReadonlyMap<string, string>;

/**
 * One file for each package, to which lines are added and from which none goes: of two for one version the first
 * counts. So two who add at the same time, in one process or in several, agree on which one that is, without a lock.
 */
export interface KeptPins {
  read(key: string): Promise<Pins>;
  /** Adds what is not pinned yet, and gives what then counts. */
  add(key: string, seen: Pins): Promise<Pins>;
}

/** Of one package: ten times what the largest have. A version beyond that is not pinned. */
const mostPins = 50_000;

export function keptPins(folder: string, wrote: (bytes: number) => void): KeptPins {
  return {
    read: (key) => readPins(pinsFile(folder, key)),
    async add(key, seen) {
      const path = pinsFile(folder, key);
      const known = await readPins(path);
      const room = Math.max(0, mostPins - known.size);
      const added = [...seen].filter(([version]) => !known.has(version)).slice(0, room);
      if (added.length === 0) return known;
      const lines = added.map(([version, sha512]) => `${version} ${sha512}\n`).join('');
      await mkdir(foldersOf(folder).pins, { recursive: true, mode: 0o700 });
      // What was written before may break off within a line.
      await appendFile(path, `\n${lines}`, { mode: 0o600 });
      wrote(lines.length);
      return await readPins(path);
    },
  };
}

async function readPins(path: string): Promise<Pins> {
  const text = (await ifThere(() => readFile(path, 'latin1'))) ?? '';
  await noteUseOf(path);
  const pins = new Map<string, string>();
  for (const [, version, sha512] of text.matchAll(/^(\S+) ([A-Za-z0-9+/]{86}==)$/gm)) {
    if (version !== undefined && sha512 !== undefined && !pins.has(version)) pins.set(version, sha512);
  }
  return pins;
}
