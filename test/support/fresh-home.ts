import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pinnedNode } from './places.ts';

/** A home of its own for the programs of one test, gone afterwards. */
export interface FreshHome extends AsyncDisposable {
  readonly path: string;
  /** A whole environment: HOME and every XDG folder inside `path`, the pinned Node first in PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a folder in the home and gives its path. */
  folder(name: string): Promise<string>;
  /** Writes a file, with its folders, and gives its path. */
  file(name: string, content: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Nothing of the developer's environment gets in: no tokens, no proxies, no settings of npm, no session bus
 * and so no keychain.
 */
export async function freshHome(): Promise<FreshHome> {
  const path = await mkdtemp(join(tmpdir(), 'pub-home-'));
  const folder = async (name: string): Promise<string> => {
    const made = join(path, name);
    await mkdir(made, { recursive: true, mode: 0o700 });
    return made;
  };
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return {
    path,
    env: {
      HOME: path,
      PATH: [dirname(pinnedNode), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      TMPDIR: await folder('tmp'),
      XDG_CONFIG_HOME: await folder('.config'),
      XDG_DATA_HOME: await folder('.local/share'),
      XDG_STATE_HOME: await folder('.local/state'),
      XDG_CACHE_HOME: await folder('.cache'),
      XDG_RUNTIME_DIR: await folder('run'),
    },
    folder,
    file: async (name, content) => {
      await folder(dirname(name));
      const made = join(path, name);
      await writeFile(made, content, { mode: 0o600 });
      return made;
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
