import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder with these files, gone when the test ends. An object is written as JSON. */
export async function folderWith(
  files: Readonly<Record<string, string | Buffer | object>> = {},
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pub-npm-')));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await addFiles(folder, files);
  return folder;
}

export async function addFiles(
  folder: string,
  files: Readonly<Record<string, string | Buffer | object>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    await writeFile(target, isText ? content : JSON.stringify(content));
  }
}
