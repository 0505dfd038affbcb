import { Refusal } from '../../errors.ts';
import { listMemberships } from '../../organisations/organisations.ts';
import { listPackagesOf } from '../../packages/of-organisation.ts';
import type { Read } from '../../store/database.ts';

/**
 * Asked before the last factor of an account goes: every owner and maintainer of a package that requires a
 * second factor has one, and every member of an organisation that does. Throws `owner_without_factor`.
 */
export async function refuseWhereRequired(db: Read, accountId: number): Promise<void> {
  const name = (await requiringPackage(db, accountId)) ?? (await requiringOrganisation(db, accountId));
  if (name === undefined) return;
  throw new Refusal(
    'owner_without_factor',
    `you belong to ${name}, which requires a second factor of its owners and members`,
  );
}

async function requiringPackage(db: Read, accountId: number): Promise<string | undefined> {
  const row = await db
    .selectFrom('owners')
    .innerJoin('packages', 'packages.id', 'owners.package_id')
    .select('packages.name')
    .where('owners.account_id', '=', accountId)
    .where('packages.require_2fa', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row?.name;
}

async function requiringOrganisation(db: Read, accountId: number): Promise<string | undefined> {
  for (const { id, name, require_2fa } of await listMemberships(db, accountId)) {
    if (require_2fa === 1) return `the organisation ${name}`;
    const strict = (await listPackagesOf(db, id)).find((record) => record.require_2fa === 1);
    if (strict !== undefined) return strict.name;
  }
  return undefined;
}
