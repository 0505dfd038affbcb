import type { PackageRecord } from '../store/schema.ts';

/**
 * What the publisher of a package with a single owner is told: one lost phone, and nobody can change it. Said
 * where they are looking anyway, and nowhere else.
 */
export function singleOwnerNotice({ name }: PackageRecord, owners: number): string | undefined {
  if (owners !== 1) return undefined;
  return `${name} has a single owner: add another one, so that it does not depend on one account`;
}
