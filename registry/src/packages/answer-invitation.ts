import type { Actor, Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { mailOwners } from '../mail/outbox.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Invitation, openInvitations, refuseWithoutFactor } from './invitations.ts';
import { finishChange, getPackage, type PackageId, packageLabel, packageSubject } from './packages.ts';
import { permissionOf } from './permissions.ts';

/**
 * Accepts, which takes the second factor of the invited account and, where the package or its organisation
 * asks for one, that there is one. Throws `not_found` for an invitation that is not open, or not theirs.
 */
export async function acceptInvitation(
  services: Services,
  requester: Requester,
  invitationId: number,
): Promise<Invitation> {
  const { actor } = requester;
  return await attempt(services, actor, invitationId, async (invitation) => {
    const demand = demandFor(invitation);
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      const current = await getOpen(transaction, actor, invitationId, now);
      await settleProof(transaction, { actor, demand, proof, now });
      await join(services, transaction, { actor, invitation: current, factor: proof?.factor ?? null, now });
    });
  });
}

interface Joining {
  readonly actor: Actor;
  readonly invitation: OpenInvitation;
  readonly factor: string | null;
  readonly now: number;
}

async function join(
  services: Services,
  transaction: Write,
  { actor, invitation, factor, now }: Joining,
): Promise<void> {
  const { id, role, package_id, invited_by } = invitation;
  const record = await getPackage(transaction, package_id);
  // Whoever was thrown out must not have left a door open behind them.
  if ((await permissionOf(transaction, { accountId: invited_by }, record)) !== 'owner')
    throw noSuchInvitation();
  await refuseWithoutFactor(transaction, record, { id: actor.accountId, name: actor.name });
  await answer(transaction, id, 'accepted', now);
  await transaction
    .insertInto('owners')
    .values({ package_id, account_id: actor.accountId, role, added_at: now })
    .onConflict((conflict) => conflict.columns(['package_id', 'account_id']).doUpdateSet({ role }))
    .execute();
  await log(transaction, now, {
    actor,
    record,
    tag: 'owner:added',
    details: { user: actor.name, role, factor },
  });
  await finishChange(services, transaction, record, now);
  const values = { package: packageLabel(record), user: actor.name, role, by: invitation.invitedBy };
  await mailOwners(transaction, now, record, { template: 'owner-added', values });
}

/** Declines. Takes no proof: it gives nothing to anybody. */
export async function declineInvitation(
  services: Services,
  { actor }: Requester,
  invitationId: number,
): Promise<Invitation> {
  return await attempt(services, actor, invitationId, async () => {
    await services.database.write(async (transaction) => {
      const now = services.clock();
      const { id, package_id, role, invitedBy } = await getOpen(transaction, actor, invitationId, now);
      await answer(transaction, id, 'declined', now);
      const record = await getPackage(transaction, package_id);
      const details = { user: actor.name, role };
      await log(transaction, now, { actor, record, tag: 'owner:invitation-declined', details });
      const values = { package: packageLabel(record), user: actor.name, role, by: invitedBy };
      await mailOwners(transaction, now, record, { template: 'owner-invitation-declined', values });
    });
  });
}

async function attempt(
  services: Services,
  actor: Actor,
  invitationId: number,
  work: (invitation: OpenInvitation) => Promise<void>,
): Promise<Invitation> {
  const refused = { tag: 'package:change-refused', actor: actor.name } as const;
  const subject = `invitation:${invitationId}`;
  const invitation = await logRefusals(services, { ...refused, subject }, () =>
    getOpen(services.database.read, actor, invitationId, services.clock()),
  );
  await logRefusals(services, { ...refused, subject: packageSubject(idOf(invitation)) }, () =>
    work(invitation),
  );
  return invitation;
}

type OpenInvitation = Awaited<ReturnType<typeof getOpen>>;

async function getOpen(db: Read, { accountId }: Actor, invitationId: number, now: number) {
  const found = await openInvitations(db, now)
    .select(['invitations.package_id', 'invitations.invited_by'])
    .where('invitations.id', '=', invitationId)
    .where('invitations.account_id', '=', accountId)
    .executeTakeFirst();
  if (found === undefined) throw noSuchInvitation();
  return found;
}

async function answer(
  transaction: Write,
  id: number,
  given: 'accepted' | 'declined',
  now: number,
): Promise<void> {
  await transaction
    .updateTable('invitations')
    .set({ answer: given, answered_at: now })
    .where('id', '=', id)
    .execute();
}

function demandFor(invitation: Invitation): Demand {
  const { role } = invitation;
  const act = { action: 'invitation:accept', subject: packageSubject(idOf(invitation)), details: { role } };
  return { kind: 'governance', why: `accepting the invitation to ${invitation.package} needs it`, act };
}

function idOf(invitation: Invitation): PackageId {
  return { ecosystem: invitation.ecosystem, name: invitation.package };
}

async function log(
  transaction: Write,
  now: number,
  event: {
    readonly actor: Actor;
    readonly record: PackageRecord;
    readonly tag: 'owner:added' | 'owner:invitation-declined';
    readonly details: Readonly<Record<string, string | null>>;
  },
): Promise<void> {
  const { actor, record, tag, details } = event;
  await recordEvent(transaction, now, { tag, actor: actor.name, subject: packageSubject(record), details });
}

function noSuchInvitation(): Refusal {
  return new Refusal('not_found', 'there is no such invitation, or it has expired or was answered');
}
