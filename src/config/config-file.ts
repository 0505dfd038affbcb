import { readFile } from 'node:fs/promises';
import type { TomlTable } from 'smol-toml';
import { PubError } from '../errors.ts';
import { whileLocked } from './lock.ts';
import { parseIndexUrl } from './registry-url.ts';
import { writeAtomically } from './write-atomically.ts';

/** What `config.toml` says. Nothing in it is secret. */
export interface PubConfig {
  /** Name → normalised URL. */
  readonly registries: ReadonlyMap<string, string>;
  /** The name of a registry above. */
  readonly default: string | undefined;
  /** Normalised URL, of a registry or of a cargo registry's index → account: whose token the keychain holds. */
  readonly logins: ReadonlyMap<string, string>;
}

export interface ConfigFile {
  readonly path: string;
  /** Empty when there is no file. Throws `E_CONFIG` when there is one that cannot be read or understood. */
  read(): Promise<PubConfig>;
  /** Reads, changes and replaces the file, one process at a time. Keys it does not know are kept; comments are not. */
  update(change: (config: PubConfig) => PubConfig): Promise<void>;
}

/**
 * Lower-case, so that a name and its variable `PUB_TOKEN_<NAME>` belong to each other one to one: two names
 * sharing a variable would send one registry's token to the other.
 */
const namePattern = /^[a-z][a-z0-9-]{0,49}$/;

/** Throws `E_CONFIG` for what cannot name a registry. */
export function parseRegistryName(text: string): string {
  if (namePattern.test(text)) return text;
  throw new PubError('E_CONFIG', `\`${text}\` cannot name a registry`, {
    hint: 'use lower-case letters, digits and hyphens, a letter first',
  });
}

/** What the settings call the registry at a normalised URL. */
export function nameOf(url: string, { registries }: Pick<PubConfig, 'registries'>): string | undefined {
  return [...registries].find(([, known]) => known === url)?.[0];
}

export function createConfigFile(path: string): ConfigFile {
  return {
    path,
    async read() {
      return configOf(await readTable(path), path);
    },
    async update(change) {
      const { stringify } = await import('smol-toml');
      await whileLocked(path, async () => {
        const table = await readTable(path);
        const changed = change(configOf(table, path));
        const text = stringify(tableOf(table, changed), { numbersAsFloat: true });
        await writeAtomically(path, text.endsWith('\n') ? text : `${text}\n`);
      }).catch((error) => {
        throw error instanceof PubError ? error : failed('cannot write', path, error);
      });
    },
  };
}

async function readTable(path: string): Promise<TomlTable> {
  try {
    const text = await readFile(path, 'utf8');
    const { parse } = await import('smol-toml');
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (isMissing(error)) return {};
    throw failed('cannot read', path, error);
  }
}

/** No file, or no folder that may be looked into: a CI job often has no home of its own. */
function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function failed(what: string, path: string, cause: unknown): PubError {
  return new PubError('E_CONFIG', `${what} ${path}`, {
    cause,
    hint: 'check the file and the rights on its folder; XDG_CONFIG_HOME names another place',
  });
}

function configOf(table: TomlTable, path: string): PubConfig {
  try {
    const registries = Object.entries(subtable(table, 'registries'));
    const logins = Object.entries(subtable(table, 'logins'));
    return {
      registries: new Map(registries.map(([name, entry]) => [parseRegistryName(name), urlOf(name, entry)])),
      default: table['default'] === undefined ? undefined : text(table['default'], 'default'),
      logins: new Map(logins.map(([url, account]) => [parseIndexUrl(url), text(account, `logins."${url}"`)])),
    };
  } catch (error) {
    throw failed('cannot understand', path, error);
  }
}

function urlOf(name: string, entry: unknown): string {
  const isTable = typeof entry === 'object' && entry !== null && 'url' in entry;
  return parseIndexUrl(text(isTable ? entry.url : undefined, `registries.${name}.url`));
}

function subtable(table: TomlTable, key: string): TomlTable {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)) return value;
  throw new Error(`\`${key}\` is not a table`);
}

function text(value: unknown, key: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`\`${key}\` is not a text`);
}

/** Keeps the order people read in: the default, the registries, the logins, then what others put there. */
function tableOf(old: TomlTable, config: PubConfig): TomlTable {
  const { default: _default, registries: _registries, logins: _logins, ...unknown } = old;
  const known = subtable(old, 'registries');
  const registries = [...config.registries].map(([name, url]) => [name, { ...subtable(known, name), url }]);
  return {
    ...(config.default === undefined ? {} : { default: config.default }),
    ...unknown,
    ...(registries.length === 0 ? {} : { registries: Object.fromEntries(registries) }),
    ...(config.logins.size === 0 ? {} : { logins: Object.fromEntries(config.logins) }),
  };
}
