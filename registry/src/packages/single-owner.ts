import type { Read } from '../store/database.ts';
import { findPackage, listOwners, type PackageId } from './packages.ts';

/**
 * What the publisher of a package with a single owner is told: one lost phone, and nobody can change it. Said
 * where they are looking anyway, and nowhere else.
 */
export async function singleOwnerNotice(db: Read, id: PackageId): Promise<string | undefined> {
  const record = await findPackage(db, id);
  if (record === undefined || (await listOwners(db, record.id)).length !== 1) return undefined;
  return `${record.name} has a single owner: add another one, so that it does not depend on one account`;
}
