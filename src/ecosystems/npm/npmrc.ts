import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'ini';
import { PubError } from '../../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value as `ini` gives it: `key[]=` makes a list, a bare `key` is true. */
export type NpmrcValue = string | boolean | null | readonly string[];

/** The settings of one file, or of the environment, before variables are replaced in the values. */
export interface NpmrcLayer {
  readonly values: ReadonlyMap<string, NpmrcValue>;
  /** A file's values stand on a disk; the environment's do not. */
  readonly isFile: boolean;
}

const variable = /(?<!\\)(\\*)\$\{([^${}?]+)(\?)?\}/g;

/**
 * npm's `${VAR}`: an unset variable stays as it is written, `${VAR?}` is empty when unset, and a backslash
 * before the dollar sign escapes it (measured against npm 12's configuration).
 */
export function replaceVariables(text: string, environment: Environment): string {
  return text.replace(variable, (whole: string, escapes: string, name: string, optional?: string) => {
    if (escapes.length % 2 === 1) return whole.slice((escapes.length + 1) / 2);
    const value = environment[name] ?? (optional === undefined ? `\${${name}}` : '');
    return escapes.slice(escapes.length / 2) + value;
  });
}

/** The names of the variables a value refers to. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(variable)].flatMap(([, escapes, name]) =>
    (escapes ?? '').length % 2 === 0 && name !== undefined ? [name] : [],
  );
}

/** What is left of a value when every variable, escaped or not, is taken out. */
export function literalPartOf(text: string): string {
  return text.replace(variable, '').trim();
}

/** `undefined` when there is no such file; `E_CONFIG` when there is one that cannot be read. */
export async function readNpmrc(path: string, environment: Environment): Promise<NpmrcLayer | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const values = new Map<string, NpmrcValue>();
  for (const [key, value] of Object.entries(parse(text) as Record<string, unknown>)) {
    if (isNpmrcValue(value)) values.set(replaceVariables(key, environment), value);
  }
  return { values, isFile: true };
}

/** The text of a file the user's settings name, or `undefined` when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(resolve(path), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): PubError {
  return new PubError('E_CONFIG', `failed to read \`${path}\``, {
    cause,
    hint: 'npm reads its settings from this file: make it readable, or move it away',
  });
}

/**
 * `npm_config_*` in any case. Underscores become dashes except the first, so that `_authToken` keeps its
 * form; a key of a registry (`//host/:…`) is left alone, as npm does.
 */
export function environmentLayer(environment: Environment): NpmrcLayer {
  const values = new Map<string, NpmrcValue>();
  for (const [name, value] of Object.entries(environment)) {
    if (!/^npm_config_/i.test(name) || value === undefined || value === '') continue;
    const key = name.slice('npm_config_'.length);
    values.set(key.startsWith('//') ? key : key.replaceAll(/(?!^)_/g, '-').toLowerCase(), value);
  }
  return { values, isFile: false };
}

function isNpmrcValue(value: unknown): value is NpmrcValue {
  if (Array.isArray(value)) return value.every((member) => typeof member === 'string');
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}
