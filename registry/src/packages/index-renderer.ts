import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

/** Which document is wanted, and of what. */
export interface DocumentRequest {
  readonly record: PackageRecord;
  /** One of the ecosystem's own: npm's `full` and `abbreviated`. */
  readonly form: string;
  /** Where clients reach this registry, without a trailing slash. */
  readonly address: string;
}

/**
 * Writes what an ecosystem's clients read about a package: the text of one document, in one form, made from its
 * releases as they are committed. Nothing of it is stored. `readDocument` (`read-document.ts`) calls this on the
 * first read after a change and keeps the text, its ETag and its compressed form in memory; a protocol's route
 * calls that, and sends what it gets with `protocols/send-document.ts`.
 *
 * To keep: everything is read through `db`, which shows one moment of the database; the text depends on that,
 * on the form and on the address alone, never on who asks, which is decided before; and whatever shows in a
 * document ends its transaction with `finishChange`, for that is how readers learn of it. Releases hold their
 * own part ready (`entry`, `short_entry`), so that rendering is only putting together.
 */
export interface IndexRenderer {
  /** `undefined` where there is nothing to show: no release of the package is published. */
  render(db: Read, request: DocumentRequest): Promise<string | undefined>;
  /** What each change of a package brings along, in its transaction: an ecosystem without tags moves `latest`. */
  afterChange?(transaction: Write, record: PackageRecord): Promise<void>;
}
