import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';

/**
 * Writes what an ecosystem's clients read about a package into `documents`, in the transaction that changed
 * the package. Readers never compute anything: they get the bytes of the last commit.
 */
export interface IndexRenderer {
  render(transaction: Write, record: PackageRecord): Promise<void>;
}
