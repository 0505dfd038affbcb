import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** A small npm archive with these files, made without a disk; `package.json` is added. */
export function npmArchive(
  manifest: { readonly name: string; readonly version: string },
  files: Readonly<Record<string, Buffer | string>> = {},
): Buffer {
  const all = { 'package.json': JSON.stringify(manifest), ...files };
  const entries = Object.entries(all).flatMap(([path, content]) => entry(path, Buffer.from(content)));
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

function entry(path: string, content: Buffer): Buffer[] {
  const header = new Header({
    path: `package/${path}`,
    type: 'File',
    size: content.length,
    mode: 0o644,
    mtime: new Date('1985-10-26T08:15:00.000Z'),
  });
  header.encode();
  return [header.block as Buffer, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** The bytes inside a gzipped archive. */
export async function tarStream(path: string): Promise<Buffer> {
  return gunzipSync(await readFile(path));
}

/** Each file below a folder and its SHA-256, sorted; what two copies of a package are compared by. */
export async function fileDigests(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const lines = files.map(async (file) => `${relative(folder, file)} ${sha256(await readFile(file))}`);
  return (await Promise.all(lines)).sort();
}

export function sha256(bytes: Buffer, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHash('sha256').update(bytes).digest(encoding);
}

/** The `package.json` of an npm archive, whoever made it. */
export function manifestIn(archive: Buffer): unknown {
  const bytes = gunzipSync(archive);
  for (let at = 0; at < bytes.length; ) {
    const { path, size = 0 } = new Header(bytes, at);
    const start = at + 512;
    if (path === 'package/package.json') return JSON.parse(bytes.toString('utf8', start, start + size));
    at = start + Math.ceil(size / 512) * 512;
  }
  throw new Error('the archive has no package.json');
}
