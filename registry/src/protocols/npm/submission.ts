import { Refusal } from '../../errors.ts';
import type { ExpectedArchive, Submission } from '../../releases/submission.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import type { JsonObject } from '../../strict-json.ts';
import { distOf, fullEntry, shortEntry } from './index-entry.ts';
import { inspectArchive } from './inspect-archive.ts';
import { manifestOf, refuseDisagreement } from './manifest.ts';
import { readProvenance } from './provenance.ts';

export interface NpmSubmission extends ExpectedArchive {
  /** What the client says is in the archive, where it says so. */
  readonly declared?: JsonObject;
  /** The statement of provenance that came along, where one did. */
  readonly provenance?: string | undefined;
}

/** Checks a received archive and makes of it what the release door takes. Whoever received it discards it on failure. */
export async function readSubmission(received: ReceivedBlob, expected: NpmSubmission): Promise<Submission> {
  const archive = await inspectArchive(received.content);
  const manifest = manifestOf(archive);
  if (manifest.name !== expected.name || manifest.version !== expected.version) {
    throw new Refusal(
      'manifest_mismatch',
      `the archive holds ${manifest.name}@${manifest.version}, not ${expected.name}@${expected.version}`,
    );
  }
  if (manifest['private'] === true) throw new Refusal('bad_archive', 'its package.json says "private": true');
  if (expected.declared !== undefined) refuseDisagreement(expected.declared, archive);
  const { sha512 } = received;
  const attestation =
    expected.provenance === undefined
      ? undefined
      : readProvenance(expected.provenance, { name: manifest.name, version: manifest.version, sha512 });
  const { readme: text, readmeFilename: fileName } = archive;
  const dist = distOf(manifest, archive, received, attestation);
  return {
    archive: received,
    entry: fullEntry(manifest, archive, dist, expected.publisher),
    shortEntry: shortEntry(manifest, archive, dist),
    attestation,
    readme: text === undefined || fileName === undefined ? undefined : { text, fileName },
    tag: expected.tag,
    access: expected.access,
  };
}
