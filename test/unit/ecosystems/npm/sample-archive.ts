import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { NpmArchive } from '../../../../src/ecosystems/npm/npm-archive.ts';
import { addFiles, folderWith } from './temporary-folder.ts';

export interface SampleParts extends Partial<Omit<NpmArchive, 'digests' | 'size'>> {
  readonly bytes?: Buffer;
}

/** An archive of any bytes: a registry client does not look inside. */
export async function sampleArchive({ bytes = Buffer.from('archive bytes'), ...parts }: SampleParts = {}) {
  const folder = await folderWith();
  await addFiles(folder, { 'a.tgz': bytes });
  const hash = (name: string, encoding: 'hex' | 'base64') => createHash(name).update(bytes).digest(encoding);
  const archive: NpmArchive = {
    ecosystem: 'npm',
    name: '@acme/tool',
    version: '1.0.0',
    fileName: 'acme-tool-1.0.0.tgz',
    path: join(folder, 'a.tgz'),
    size: bytes.length,
    unpackedSize: 10,
    digests: {
      sha1: hash('sha1', 'hex'),
      sha256: hash('sha256', 'hex'),
      integrity: `sha512-${hash('sha512', 'base64')}`,
    },
    files: [],
    manifest: { name: '@acme/tool', version: '1.0.0' },
    concerns: [],
    readme: undefined,
    gitHead: undefined,
    ...parts,
  };
  return archive;
}
