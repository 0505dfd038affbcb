import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TomlTable, TomlValue } from 'smol-toml';
import { PubError } from '../errors.ts';

export interface CargoSettingsSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where the command runs; `.cargo/config.toml` is looked for from here upwards. */
  readonly workingDirectory: string;
}

/** What one of cargo's configuration files says about registries. */
export interface CargoLayer {
  /** Name → index, as written. */
  readonly indexes: ReadonlyMap<string, string>;
  readonly defaultRegistry: string | undefined;
  readonly cratesIoReplaced: boolean;
  /** True for the file in `CARGO_HOME`, which no repository brings along. */
  readonly own: boolean;
}

/** The nearest first. Tokens that stand in them are not read: `pub` uses none that lies in a file. */
export async function readCargoLayers(sources: CargoSettingsSources): Promise<readonly CargoLayer[]> {
  const { environment, home, workingDirectory } = sources;
  const cargoHome = resolve(workingDirectory, environment['CARGO_HOME'] || join(home, '.cargo'));
  const folders = ancestors(workingDirectory)
    .map((folder) => join(folder, '.cargo'))
    .filter((folder) => folder !== cargoHome);
  const layers = await Promise.all([
    ...folders.map((folder) => readFolder(folder, false)),
    readFolder(cargoHome, true),
  ]);
  return layers.filter((layer) => layer !== undefined);
}

function ancestors(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

/** The old name without an ending wins where there are both, as in cargo. */
async function readFolder(folder: string, own: boolean): Promise<CargoLayer | undefined> {
  for (const name of ['config', 'config.toml']) {
    const path = join(folder, name);
    const text = await readIfPresent(path);
    if (text !== undefined) return layerOf(await parseToml(text, path), path, own);
  }
  return undefined;
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES'].includes(code)) return undefined;
    throw failed(path, error);
  }
}

async function parseToml(text: string, path: string): Promise<TomlTable> {
  const { parse } = await import('smol-toml');
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    throw failed(path, error);
  }
}

function layerOf(table: TomlTable, path: string, own: boolean): CargoLayer {
  const registries = Object.entries(tableAt(table, 'registries'));
  const indexes = registries.flatMap(([name, entry]) => {
    const index = isTable(entry) ? textAt(entry, 'index', path) : undefined;
    return index === undefined ? [] : [[name, index] as const];
  });
  const replaced = tableAt(tableAt(table, 'source'), 'crates-io');
  return {
    indexes: new Map(indexes),
    defaultRegistry: textAt(tableAt(table, 'registry'), 'default', path),
    cratesIoReplaced: Object.hasOwn(replaced, 'replace-with'),
    own,
  };
}

function tableAt(table: TomlTable, key: string): TomlTable {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return isTable(value) ? value : {};
}

function textAt(table: TomlTable, key: string, path: string): string | undefined {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw failed(path, new Error(`\`${key}\` is not a text`));
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

function failed(path: string, cause: unknown): PubError {
  return new PubError('E_CONFIG', `cannot understand ${path}`, { cause, hint: 'cargo reads this file too' });
}
