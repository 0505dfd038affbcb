import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Small files of secrets, which only the registry's own user may read: whole and on disk, or not there. */

/** `undefined` when there is no such file. */
export function readPrivateFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`the key file ${file} cannot be read`, { cause: error });
  }
}

/**
 * Another text once the file was replaced or written: which file it is, when it was written, how long it is. `absent`
 * where there is none.
 */
export function privateFileState(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.dev} ${found.ino} ${found.ctimeNs} ${found.size}`;
}

/** Of two processes that start at once, the first one's content counts for both. */
export function createPrivateFile(file: string, text: string): void {
  write(file, text, (temporary) => {
    try {
      linkSync(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
}

export function replacePrivateFile(file: string, text: string): void {
  write(file, text, (temporary) => renameSync(temporary, file));
}

/** Durable before it is used: what was made with a key that is lost is lost too. */
function write(file: string, text: string, put: (temporary: string) => void): void {
  const temporary = `${file}.${process.pid}.new`;
  const handle = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
    put(temporary);
  } finally {
    closeSync(handle);
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(file));
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
