import { readFile, rm, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { PubError } from '../errors.ts';
import type { CargoConfig, CargoSetup } from './cargo-config.ts';
import { findCargoProvider, isOurs } from './cargo-provider.ts';
import type { Place } from './config-folder.ts';
import {
  addProvider,
  type CargoTable,
  parseConfig,
  providersOf,
  removeProvider,
} from './edit-cargo-providers.ts';
import { whileLocked } from './lock.ts';
import { writeAtomically } from './write-atomically.ts';

export interface CargoConfigOptions extends Place {
  /** The file of `cargo-credential-pub` that belongs to this program. */
  readonly providerPath: string;
}

const madeByUs = '# made by `pub setup cargo`; `pub setup cargo --undo` removes it\n';

type Edit = (text: string, provider: string) => string;

/** Changes `$CARGO_HOME/config.toml`, one process at a time, and keeps everything else in it. */
export function createCargoConfig(options: CargoConfigOptions): CargoConfig {
  return {
    addProvider: () =>
      change(options, (text, provider) => addProvider(withoutOurs(text, provider), provider)),
    removeProvider: () => change(options, (text) => withoutOurs(text)),
  };
}

async function change(options: CargoConfigOptions, edit: Edit): Promise<CargoSetup> {
  const path = await configPathOf(options);
  const provider = await findCargoProvider(options);
  const attempt = whileLocked(path, async () => {
    const before = await read(path);
    const after = understood(path, () => edit(before ?? madeByUs, provider));
    const changed = after !== (before ?? madeByUs);
    if (changed && after === madeByUs) await rm(path);
    else if (changed) await writeAtomically(path, after, await modeOf(path));
    const table = parseConfig(after);
    const overridden = overriding(table, options.environment);
    return { path, provider, changed, providers: providersOf(table), overridden };
  });
  return await attempt.catch((error) => {
    throw error instanceof PubError ? error : refused(`cannot change ${path}`, error);
  });
}

/** Also what an earlier version added from another folder. */
function withoutOurs(text: string, except?: string): string {
  const ours = (providersOf(parseConfig(text)) ?? []).filter((one) => isOurs(one) && one !== except);
  return ours.reduce(removeProvider, text);
}

/** A file without an ending is what cargo of old wrote, and still what it reads if there is one (the Cargo Book). */
async function configPathOf({ environment, platform, home }: CargoConfigOptions): Promise<string> {
  const path = platform === 'win32' ? win32 : posix;
  const folder = environment['CARGO_HOME'] || path.join(home, '.cargo');
  const old = path.join(folder, 'config');
  const isFile = await stat(old).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? old : path.join(folder, 'config.toml');
}

/** `undefined` when there is no file. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refused(`cannot read ${path}`, error);
  }
}

function understood<T>(path: string, edit: () => T): T {
  try {
    return edit();
  } catch (error) {
    throw refused(`cannot change ${path}`, error);
  }
}

function refused(message: string, cause: unknown): PubError {
  const hint = cause instanceof PubError ? cause.hint : 'check the file; `cargo config get` reads it too';
  return new PubError('E_CONFIG', message, { cause, hint });
}

async function modeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : found.mode & 0o777;
}

/** Cargo takes a registry's own provider instead of the list, and a variable instead of the file. */
function overriding(table: CargoTable, environment: Place['environment']): string[] {
  const variable = 'CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS';
  const own = 'credential-provider';
  const { registry, registries } = table;
  const named = isRecord(registries) ? Object.entries(registries) : [];
  return [
    ...(environment[variable] ? [variable] : []),
    ...(isRecord(registry) && own in registry ? [`registry.${own}`] : []),
    ...named.filter(([, one]) => isRecord(one) && own in one).map(([name]) => `registries.${name}.${own}`),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
