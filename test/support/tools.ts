import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { builtClient, builtRegistry, nextVerdaccio, peerFolder } from './places.ts';

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

/** The peer clients and servers, in the versions their manifests name. */
export function peers(): Lack {
  return [peerFolder, join(nextVerdaccio, '..', '..')].every(isCurrent)
    ? undefined
    : 'the peer clients are not installed: npm run peers:install';
}

function isCurrent(folder: string): boolean {
  const wanted = readManifest(join(folder, 'package.json')).dependencies ?? {};
  return Object.entries(wanted).every(([name, version]) => {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return existsSync(manifest) && readManifest(manifest).version === version.replace(/^npm:.+@/, '');
  });
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
