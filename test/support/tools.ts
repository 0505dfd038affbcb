import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { builtClient, builtRegistry, peerFolder, peerPackage } from './places.ts';

/** Why a group of tests cannot run here, as "… is not installed"; `undefined` when it can. */
export type Lack = string | undefined;

/** A program on the path, of a Debian package. */
export function program(name: string, debianPackage = name): Lack {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => executable(join(folder, name)));
  return found ? undefined : `${debianPackage} is not installed`;
}

/** Both programs, as they ship. */
export function build(): Lack {
  return [builtClient, builtRegistry].every((file) => existsSync(file))
    ? undefined
    : 'the programs are not built: npm run build';
}

/** The peer clients, in the versions their manifest names. */
export function peers(): Lack {
  const wanted = readManifest(join(peerFolder, 'package.json')).dependencies ?? {};
  const current = Object.entries(wanted).every(([name, version]) => {
    const manifest = join(peerPackage(name), 'package.json');
    return existsSync(manifest) && readManifest(manifest).version === version.replace(/^npm:.+@/, '');
  });
  return current ? undefined : 'the peer clients are not installed: npm run peers:install';
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
