import type { Services } from '../services.ts';
import { type ArchivedFile, defaultArchiveLimits, readArchive } from './archive/read-archive.ts';

/** The files of an archive that is kept, for somebody who looks before they decide. Read anew, from a copy. */
export async function listFiles(
  { blobs, settings }: Pick<Services, 'blobs' | 'settings'>,
  sha256: string,
): Promise<readonly ArchivedFile[]> {
  const blob = await blobs.open(sha256);
  if (blob === undefined) throw new Error(`the blob ${sha256} is missing`);
  const copy = await blobs.receive(blob.content, { maximumBytes: settings.maximumArchiveBytes });
  try {
    return await readArchive(copy.content, async () => {}, defaultArchiveLimits);
  } finally {
    await blobs.discard(copy);
  }
}
