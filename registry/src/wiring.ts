import { homedir } from 'node:os';
import { join } from 'node:path';
import { createPasswords } from './accounts/passwords.ts';
import { openSeedKeys } from './accounts/second-factor/seed-keys.ts';
import { packumentRenderer } from './protocols/npm/packument.ts';
import type { Services, Settings } from './services.ts';
import { openBlobFolder } from './store/blobs.ts';
import { openDatabase } from './store/database.ts';

/** Builds the real services over one data folder. The only file that touches the process's surroundings. */

/** 256 MiB: above what npm's own registry takes. */
const maximumArchiveBytes = 256 * 1024 * 1024;

/** Seven days: npm's default for a token that may write (facts of 2026-11). */
const loginTokenLifetime = 7 * 24 * 60 * 60 * 1_000;

export interface Folders {
  readonly database: string;
  readonly blobs: string;
  readonly seedKeys: string;
}

/** What lies where in a data folder. */
export function foldersIn(data: string): Folders {
  return {
    database: join(data, 'registry.sqlite'),
    blobs: join(data, 'blobs'),
    seedKeys: join(data, 'seed-keys'),
  };
}

export async function openServices(
  data: string,
  settings: Pick<Settings, 'registration' | 'publicUrl'>,
): Promise<Services & { close(): Promise<void> }> {
  const folders = foldersIn(data);
  const database = await openDatabase(folders.database);
  return {
    database,
    blobs: await openBlobFolder(folders.blobs),
    passwords: await createPasswords(),
    seedKeys: openSeedKeys(folders.seedKeys),
    renderers: { npm: packumentRenderer },
    clock: Date.now,
    settings: { maximumArchiveBytes, loginTokenLifetime, issuer: 'pub-registry', ...settings },
    log: (line) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`),
    close: () => database.close(),
  };
}

/** Where a program of this platform keeps its data: XDG Base Directory, Apple's and Microsoft's folders. */
export function defaultDataFolder(): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'pub-registry');
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'pub-registry');
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'pub-registry');
}
