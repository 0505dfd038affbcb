import type { ReceivedBlob } from '../store/received-blob.ts';

/** What becomes JSON text, with its members in this order. */
export type Entry = Readonly<Record<string, unknown>>;

/** What an index says of a release, in full and in short. */
export interface Entries {
  readonly entry: Entry;
  readonly shortEntry: Entry;
}

/** What an ecosystem made of an archive it found in order. The entries are from the archive alone. */
export interface Submission extends Entries {
  readonly archive: ReceivedBlob;
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
