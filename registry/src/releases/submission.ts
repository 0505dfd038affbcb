import type { ReceivedBlob } from '../store/received-blob.ts';

/** What an ecosystem made of an archive it found in order. */
export interface Submission {
  readonly archive: ReceivedBlob;
  /** What the index says of this version, in full and in short; JSON text, from the archive alone. */
  readonly entry: string;
  readonly shortEntry: string;
  readonly readme: { readonly text: string; readonly fileName: string } | undefined;
  /** A statement about the archive that came with it, checked to speak of nothing else. */
  readonly attestation?: { readonly predicateType: string; readonly bundle: string } | undefined;
  /** The tag to move to this version. A package's first release is `latest` as well. */
  readonly tag: string;
  /** For the first release of a package; later ones leave it as it is. */
  readonly access: 'public' | 'restricted' | undefined;
}

/** What the request says of an archive, besides its bytes. */
export interface ExpectedArchive {
  readonly name: string;
  readonly version: string;
  readonly tag: string;
  readonly access: Submission['access'];
  readonly publisher: string;
}

/** Checks a received archive and makes a submission of it. Whoever received it discards it on failure. */
export type ReadSubmission = (received: ReceivedBlob, expected: ExpectedArchive) => Promise<Submission>;
