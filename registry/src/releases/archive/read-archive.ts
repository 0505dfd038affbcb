import type { BlobContent } from '../../store/received-blob.ts';
import { ByteReader } from './byte-reader.ts';
import { EntryPaths } from './entry-paths.ts';
import { readGzipMember } from './gzip-member.ts';
import { readTarEntries, type TarEntry } from './tar-entries.ts';

export interface ArchiveLimits {
  /** Of the tar stream, headers included. */
  readonly unpackedBytes: number;
  /** Files and folders, those included that only occur in paths. */
  readonly entries: number;
}

/** Above the largest packages we know of: compilers with 300 MB of binaries, icon sets with 60,000 files. */
export const defaultArchiveLimits: ArchiveLimits = { unpackedBytes: 1024 ** 3, entries: 100_000 };

export interface ArchivedFile {
  /** Inside the top folder, with `/` between segments. Fit to be shown. */
  readonly path: string;
  readonly size: number;
  /** The permission bits. */
  readonly mode: number;
}

/** Looks at one file of an archive; may read its content, which is gone with the next file. */
export type VisitFile = (path: string, entry: TarEntry) => Promise<void>;

/**
 * Reads a gzipped tar as hostile: every rule it breaks is a refusal with `bad_archive`. Knows no
 * ecosystem: what a file means is for `visit` to say. Memory is bounded by the number of entries, not by the
 * archive's size. Gives the files in archive order.
 */
export async function readArchive(
  content: BlobContent,
  visit: VisitFile,
  limits: ArchiveLimits,
): Promise<readonly ArchivedFile[]> {
  const reader = new ByteReader(readGzipMember(content, limits));
  const paths = new EntryPaths(limits.entries);
  const files: ArchivedFile[] = [];
  try {
    for await (const entry of readTarEntries(reader)) {
      const inside = paths.add(entry.path, entry.kind);
      if (entry.kind === 'folder') continue;
      files.push({ path: inside, size: entry.size, mode: entry.mode });
      await visit(inside, entry);
    }
  } finally {
    await reader.close();
  }
  return files;
}
