import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

/**
 * The files pages load. The digest of a file is in its URL, so that it may be kept for ever and a page never
 * gets another one than it was made for.
 */
export interface Asset {
  readonly url: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Beside this file, and beside the bundle it becomes a part of. */
const folder = new URL('./static/', import.meta.url);

let loaded: ReadonlyMap<string, Asset> | undefined;

/** By file name. Read once. */
export function assets(): ReadonlyMap<string, Asset> {
  loaded ??= new Map(readdirSync(folder).flatMap(load));
  return loaded;
}

function load(name: string): [string, Asset][] {
  const type = types[extname(name)];
  if (type === undefined) return [];
  const bytes = readFileSync(new URL(name, folder));
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  return [[name, { url: `/-/web/static/${digest}/${name}`, type, bytes }]];
}

export function assetUrl(name: string): string {
  const asset = assets().get(name);
  if (asset === undefined) throw new Error(`there is no static file ${name}`);
  return asset.url;
}
