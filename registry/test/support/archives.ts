import { gzipSync } from 'node:zlib';

/** Builds archives byte by byte, the good ones as npm does and all the others. */

export interface HeaderOptions {
  readonly type?: string;
  readonly size?: number | string;
  readonly mode?: number | string;
  readonly prefix?: string;
  readonly linkName?: string;
  readonly magic?: string;
  /** Written over the finished header, before (or, with `keepChecksum`, after) the checksum is computed. */
  readonly overwrite?: { readonly at: number; readonly bytes: string | Uint8Array };
  readonly keepChecksum?: boolean;
}

const octal = (value: number | string, width: number) =>
  typeof value === 'string' ? value : `${value.toString(8).padStart(width - 1, '0')}\0`;

/** One 512-byte header. */
export function header(path: string | Uint8Array, options: HeaderOptions = {}): Buffer {
  const block = Buffer.alloc(512);
  block.set(Buffer.from(path as string).subarray(0, 100));
  block.write(octal(options.mode ?? 0o644, 8), 100, 'latin1');
  block.write(octal(options.size ?? 0, 12), 124, 'latin1');
  block.write(octal(0o3563417610, 12), 136, 'latin1');
  block.write(options.type ?? '0', 156, 'latin1');
  block.write(options.linkName ?? '', 157);
  block.write(options.magic ?? 'ustar\u000000', 257, 'latin1');
  block.write(options.prefix ?? '', 345);
  const overwrite = () =>
    options.overwrite && block.set(Buffer.from(options.overwrite.bytes as string), options.overwrite.at);
  if (!options.keepChecksum) overwrite();
  block.write(' '.repeat(8), 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  if (options.keepChecksum) overwrite();
  return block;
}

/** Fills up to whole blocks. */
export function padded(content: string | Uint8Array, padding = 0): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc(-bytes.byteLength & 511, padding)]);
}

export function file(
  path: string | Uint8Array,
  content: string | Uint8Array = '',
  options: HeaderOptions = {},
): Buffer {
  const size = Buffer.from(content as string).byteLength;
  return Buffer.concat([header(path, { size, ...options }), padded(content)]);
}

export function folder(path: string, options: HeaderOptions = {}): Buffer {
  return header(path, { type: '5', mode: 0o755, ...options });
}

/** An extended header of the given records, which must be right if `text` is to be. */
export function pax(records: Readonly<Record<string, string>> | string, type = 'x'): Buffer {
  const text = typeof records === 'string' ? records : Object.entries(records).map(paxRecord).join('');
  return file('PaxHeader/x', text, { type });
}

export function paxRecord([key, value]: readonly [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

export const endMarker = Buffer.alloc(1024);

export function tar(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...parts, endMarker]);
}

/** A gzip file whose header has no time and no system in it, as npm's. */
export function gzip(bytes: Uint8Array): Buffer {
  const packed = gzipSync(bytes);
  packed.fill(0, 4, 8);
  packed[9] = 255;
  return packed;
}

export const manifestOf = (name = 'tool', version = '1.0.0') => JSON.stringify({ name, version });

/** The archive `npm pack` makes of these files; the paths are those inside the package. */
export function packageArchive(
  manifest: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Buffer {
  const all = { 'package.json': JSON.stringify(manifest), ...files };
  return gzip(tar(...Object.entries(all).map(([path, content]) => file(`package/${path}`, content))));
}
