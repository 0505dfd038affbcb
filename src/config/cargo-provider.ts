import { realpath, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { PubError } from '../errors.ts';
import type { Place } from './config-folder.ts';

export interface ProviderPlace extends Place {
  readonly providerPath: string;
}

const name = 'cargo-credential-pub';

/**
 * What cargo has to be told to start our provider: its name where that is on the path and leads to this very
 * installation, else where it is. Folders of one project do not count: they are on the path of its scripts alone.
 */
export async function findCargoProvider(place: ProviderPlace): Promise<string> {
  const { environment, platform, providerPath } = place;
  const path = platform === 'win32' ? win32 : posix;
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((one) => path.isAbsolute(one));
  const ours = await realpath(providerPath).catch(() => providerPath);
  for (const folder of folders.filter((one) => !/node_modules[\\/]\.bin[\\/]?$/.test(one))) {
    // npm starts programs by a `.cmd` there, which cargo finds by its whole path only.
    const found = path.join(folder, platform === 'win32' ? `${name}.cmd` : name);
    if (!(await isFile(found))) continue;
    if (platform === 'win32') return withoutSpaces(found);
    if ((await realpath(found)) === ours) return name;
    break;
  }
  if (platform === 'win32') throw notOnPath(`${name}.cmd is in no folder of the PATH`);
  return withoutSpaces(providerPath);
}

/** Whether an entry of cargo's list is one of ours, from wherever it was installed. */
export function isOurs(provider: string): boolean {
  return new RegExp(`(^|[\\\\/])${name}(\\.cjs|\\.cmd|\\.exe)?$`).test(provider);
}

/** Cargo cuts an entry of its list at spaces, into a program and its arguments. */
function withoutSpaces(path: string): string {
  if (!/\s/.test(path)) return path;
  throw notOnPath(`cargo cannot start ${path}: the path holds a space`);
}

function notOnPath(message: string): PubError {
  return new PubError('E_CONFIG', message, {
    hint: 'install pub so that its programs are on the PATH, such as with `npm install --global pub-cli`',
  });
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
