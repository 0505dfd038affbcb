import type { Act } from '../accounts/act.ts';
import type { Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { type AuditEvent, recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { renderPackagesOf } from '../packages/of-organisation.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { getMembership, type MemberRole, type Organisation, organisationSubject } from './organisations.ts';

/** One change to an organisation: what it takes, and what it does. */
export interface OrganisationChange {
  /** `owner`, but for what everybody may do to themselves. */
  readonly role: MemberRole;
  /** What exactly is changed, beside the organisation itself. */
  readonly act: Omit<Act, 'subject'>;
  readonly why: string;
  /** Does it, and says what the audit log should. Throws `Refusal` to change nothing. */
  apply(
    transaction: Write,
    organisation: Organisation,
    now: number,
  ): Promise<readonly Pick<AuditEvent, 'tag' | 'details'>[]>;
}

/**
 * The one way an organisation is changed: as `changePackage`, always an act of governance. The documents of
 * its packages name its members, so they are rendered anew in the same transaction.
 */
export async function changeOrganisation(
  services: Services,
  requester: Requester,
  name: string,
  change: OrganisationChange,
): Promise<void> {
  const { actor } = requester;
  const subject = organisationSubject(name);
  const attempt = { tag: 'organisation:change-refused', actor: actor.name, subject } as const;
  await logRefusals(services, attempt, async () => {
    await getPermittedOrganisation(services.database.read, requester, name, change.role);
    const demand: Demand = { kind: 'governance', why: change.why, act: { ...change.act, subject } };
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      const organisation = await getPermittedOrganisation(transaction, requester, name, change.role);
      await settleProof(transaction, { actor, demand, proof, now });
      const events = await change.apply(transaction, organisation, now);
      for (const event of events) {
        const details = { ...event.details, factor: proof?.factor ?? null };
        await recordEvent(transaction, now, { ...event, actor: actor.name, subject, details });
      }
      if (events.length > 0) await renderPackagesOf(services, transaction, organisation.id, now);
    });
  });
}

async function getPermittedOrganisation(
  db: Read,
  { actor }: Requester,
  name: string,
  needed: MemberRole,
): Promise<Organisation> {
  const { organisation, role } = await getMembership(db, name, actor.accountId);
  if (needed === 'owner' && role !== 'owner') {
    throw new Refusal('not_owner', `you are a member of the organisation ${name}, and this takes an owner`);
  }
  if (needed === 'owner' && organisation.require_2fa === 1 && !(await hasSecondFactor(db, actor.accountId))) {
    throw new Refusal(
      'factor_not_enrolled',
      `the organisation ${name} requires a second factor, and your account has none: enrol one first`,
    );
  }
  return organisation;
}
