import { posix, win32 } from 'node:path';

export interface Place {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home folder; what `os.homedir()` answers. */
  readonly home: string;
}

/**
 * Where `pub` keeps its settings: `XDG_CONFIG_HOME/pub` where that is set to an absolute path (the XDG base
 * directory specification says to ignore any other), else the platform's own folder.
 */
export function configFolder({ environment, platform, home }: Place): string {
  const path = platform === 'win32' ? win32 : posix;
  const xdg = environment['XDG_CONFIG_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'pub');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'pub');
  if (platform === 'win32')
    return path.join(environment['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'pub');
  return path.join(home, '.config', 'pub');
}

/** The path of `config.toml`. */
export function configPath(place: Place): string {
  return (place.platform === 'win32' ? win32 : posix).join(configFolder(place), 'config.toml');
}
