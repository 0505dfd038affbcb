import type { Requester } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import { fromProgram, mailOwners } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { changePackage } from './change-package.ts';
import { type PackageId, packageLabel } from './packages.ts';
import { listPeople } from './permissions.ts';

export interface PolicyChange {
  readonly access?: 'public' | 'restricted' | undefined;
  /** Whether every release, and every change to the package, takes a second factor. */
  readonly requireSecondFactor?: boolean | undefined;
}

/** Changes what a package demands of its owners and who may read it. Takes a code, in both directions. */
export async function changePolicy(
  services: Services,
  requester: Requester,
  id: PackageId,
  change: PolicyChange,
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'governance',
    why: `changing the policy of ${id.name} needs it`,
    act: { action: 'policy:change', details: describeChange(change) },
    async apply(transaction, record, now) {
      const access = await setAccess(transaction, record, change.access);
      const requirement = await setRequirement(transaction, record, change.requireSecondFactor);
      const { actor, program } = requester;
      const values = { package: packageLabel(record), by: actor.name, ...fromProgram(program) };
      if (access.some(({ details }) => details.access === 'public'))
        await mailOwners(transaction, now, record, { template: 'package-opened', values });
      if (requirement.some(({ tag }) => tag === 'package:require-2fa-off'))
        await mailOwners(transaction, now, record, { template: 'policy-weakened', values });
      return [...access, ...requirement];
    },
  });
}

function describeChange({ access, requireSecondFactor }: PolicyChange): Record<string, string> {
  return {
    ...(access && { access }),
    ...(requireSecondFactor !== undefined && { 'require-2fa': requireSecondFactor ? 'on' : 'off' }),
  };
}

async function setAccess(transaction: Write, record: PackageRecord, access: PolicyChange['access']) {
  if (access === undefined || access === record.access) return [];
  await transaction.updateTable('packages').set({ access }).where('id', '=', record.id).execute();
  return [{ tag: 'package:access-changed', details: { access } } as const];
}

async function setRequirement(transaction: Write, record: PackageRecord, required: boolean | undefined) {
  if (required === undefined || required === (record.require_2fa === 1)) return [];
  if (required) await refuseOwnersWithoutFactor(transaction, record);
  await transaction
    .updateTable('packages')
    .set({ require_2fa: required ? 1 : 0 })
    .where('id', '=', record.id)
    .execute();
  return [{ tag: required ? 'package:require-2fa-on' : 'package:require-2fa-off' } as const];
}

/** One owner or maintainer without a factor is one stolen password away from every user of the package. */
async function refuseOwnersWithoutFactor(transaction: Write, record: PackageRecord): Promise<void> {
  const without: string[] = [];
  for (const person of await listPeople(transaction, record)) {
    if (!(await hasSecondFactor(transaction, person.id))) without.push(person.name);
  }
  if (without.length === 0) return;
  const verb = without.length === 1 ? 'has' : 'have';
  throw new Refusal(
    'owner_without_factor',
    `every owner of ${record.name} needs a second factor first: ${without.join(', ')} ${verb} none`,
  );
}
