import { mkdir } from 'node:fs/promises';
import { type BlobFolder, type OpenBlob, openBlobFolder } from '../store/blob-folder.ts';
import type { ReceivedBlob } from '../store/received-blob.ts';
import { archiveFile, foldersOf, noteUseOf } from './kept-files.ts';

/**
 * Archives of upstreams, in a store of their own: what this registry vouches for and what it passes on are never one
 * file. Unlike there, any of them may be gone the next moment.
 */
export interface KeptArchives {
  receive: BlobFolder['receive'];
  keep(received: ReceivedBlob): Promise<void>;
  discard: BlobFolder['discard'];
  open(sha256: string): Promise<OpenBlob | undefined>;
}

/** Touches nothing until it is used: most registries have no upstream. */
export function keptArchives(folder: string, wrote: (bytes: number) => void): KeptArchives {
  let opened: Promise<BlobFolder> | undefined;
  const open = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await openBlobFolder(foldersOf(folder).archives);
  };
  const store = () => {
    opened ??= open().catch((error: unknown) => {
      // The next one may succeed.
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    receive: async (source, limits) => await (await store()).receive(source, limits),
    discard: async (received) => await (await store()).discard(received),
    async keep(received) {
      await (await store()).keep(received);
      wrote(received.size);
    },
    async open(sha256) {
      const blob = await (await store()).open(sha256);
      if (blob !== undefined) await noteUseOf(archiveFile(folder, sha256));
      return blob;
    },
  };
}
