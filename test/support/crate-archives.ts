import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** The tar of a crate with these files, under its folder. */
export function crateTar(folder: string, files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    const header = new Header({ path: `${folder}/${path}`, type: 'File', size: content.length, mode: 0o644 });
    header.encode();
    return [header.block as Buffer, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

export const sampleManifest = '[package]\nname = "sample"\nversion = "1.0.0"\n';

/** A small crate, made without cargo. */
export function crateArchive(files: Readonly<Record<string, string>> = {}, folder = 'sample-1.0.0'): Buffer {
  return gzipSync(crateTar(folder, { 'Cargo.toml': sampleManifest, 'src/lib.rs': '', ...files }));
}
