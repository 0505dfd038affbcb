import { Refusal } from '../../errors.ts';
import type { ExpectedArchive, Submission } from '../../releases/submission.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import { indexLine } from './index-line.ts';
import { type InspectedCrate, inspectCrate } from './inspect-crate.ts';
import { type CrateManifest, readCrateManifest } from './manifest.ts';

/** Checks a received crate and makes of it what the release door takes. `index` is the address of this index. */
export async function readCrate(
  received: ReceivedBlob,
  expected: ExpectedArchive,
  index: string,
): Promise<Submission> {
  const crate = await inspectCrate(received.content, `${expected.name}-${expected.version}`);
  const manifest = readCrateManifest(crate.manifest, index);
  if (manifest.name !== expected.name || manifest.version !== expected.version) {
    throw new Refusal(
      'manifest_mismatch',
      `the archive holds ${manifest.name}@${manifest.version}, not ${expected.name}@${expected.version}`,
    );
  }
  return {
    archive: received,
    entry: { name: manifest.name, version: manifest.version, ...manifest.about },
    shortEntry: indexLine(manifest, received.sha256),
    readme: readmeOf(manifest, crate),
    tag: expected.tag,
    access: expected.access,
  };
}

/** The file the manifest names, or the one cargo would take. */
function readmeOf({ readme }: CrateManifest, { readmes }: InspectedCrate): Submission['readme'] {
  if (readme === false) return undefined;
  const names = readme === undefined ? ['README.md', 'README.txt', 'README'] : [readme.replace(/^\.\//, '')];
  for (const fileName of names) {
    const text = readmes.get(fileName);
    if (text !== undefined) return { text, fileName };
  }
  return undefined;
}
