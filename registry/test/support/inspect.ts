import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { inspectArchive } from '../../src/protocols/npm/inspect-archive.ts';
import type { ArchiveLimits } from '../../src/releases/archive/read-archive.ts';

/** Inspects an archive in memory and in a file, which must find the same, or refuse it in the same words. */
export async function inspect(bytes: Uint8Array, limits?: ArchiveLimits) {
  const work = mkdtempSync(join(tmpdir(), 'pub-archive-'));
  const path = join(work, 'archive.tgz');
  writeFileSync(path, bytes);
  const [inMemory, inFile] = await Promise.allSettled([
    inspectArchive({ bytes: Buffer.from(bytes) }, limits),
    inspectArchive({ path }, limits),
  ]);
  rmSync(work, { recursive: true });
  expect(inFile).toEqual(inMemory);
  if (inFile.status === 'rejected') throw inFile.reason;
  return inFile.value;
}
