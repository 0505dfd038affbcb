import { getNamedAccount } from '../accounts/accounts.ts';
import type { Requester } from '../accounts/actor.ts';
import { hasSecondFactor } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import { mailAccount } from '../mail/outbox.ts';
import type { TemplateName } from '../mail/templates.ts';
import { listPackagesOf } from '../packages/of-organisation.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { changeOrganisation } from './change-organisation.ts';
import { listMembers, type MemberRole, memberRole, type Organisation } from './organisations.ts';

/** Makes an account a member, or gives a member another role. Throws `owner_without_factor` where one is required. */
export async function setMember(
  services: Services,
  requester: Requester,
  name: string,
  { user, role }: { readonly user: string; readonly role: MemberRole },
): Promise<void> {
  await changeOrganisation(services, requester, name, {
    role: 'owner',
    act: { action: 'member:set', details: { user, role } },
    why: `changing the members of ${name} needs it`,
    async apply(transaction, organisation, now) {
      const account = await getNamedAccount(transaction, user);
      const before = await memberRole(transaction, organisation.id, account.id);
      if (before === role) return [];
      if (before === undefined) await refuseWithoutFactor(transaction, organisation, account);
      await transaction
        .insertInto('members')
        .values({ organisation_id: organisation.id, account_id: account.id, role, added_at: now })
        .onConflict((conflict) => conflict.columns(['organisation_id', 'account_id']).doUpdateSet({ role }))
        .execute();
      await refuseOwnerless(transaction, organisation);
      const values = { organisation: name, user, role, by: requester.actor.name };
      await mailAll(transaction, organisation, { template: 'member-added', values, now });
      const tag = before === undefined ? 'member:added' : 'member:role-changed';
      return [{ tag, details: { user, role } }];
    },
  });
}

/** Ends a membership, and with it every role it gave, at once. Members may end their own. */
export async function removeMember(
  services: Services,
  requester: Requester,
  name: string,
  user: string,
): Promise<void> {
  await changeOrganisation(services, requester, name, {
    role: user === requester.actor.name ? 'member' : 'owner',
    act: { action: 'member:remove', details: { user } },
    why: `removing a member of ${name} needs it`,
    async apply(transaction, organisation, now) {
      const members = await listMembers(transaction, organisation.id);
      const member = members.find((candidate) => candidate.name === user);
      if (member === undefined) throw new Refusal('not_found', `${user} is not a member of ${name}`);
      const { role } = member;
      const values = { organisation: name, user, role, by: requester.actor.name };
      await mailAll(transaction, organisation, { template: 'member-removed', values, now });
      await transaction
        .deleteFrom('members')
        .where('organisation_id', '=', organisation.id)
        .where('account_id', '=', member.id)
        .execute();
      await refuseOwnerless(transaction, organisation);
      return [{ tag: 'member:removed', details: { user, role } }];
    },
  });
}

/** Whether every member has a second factor, now and from now on. */
export async function requireFactorOfMembers(
  services: Services,
  requester: Requester,
  name: string,
  required: boolean,
): Promise<void> {
  await changeOrganisation(services, requester, name, {
    role: 'owner',
    act: { action: 'organisation:require-2fa', details: { 'require-2fa': required ? 'on' : 'off' } },
    why: `changing what ${name} requires of its members needs it`,
    async apply(transaction, organisation, now) {
      if ((organisation.require_2fa === 1) === required) return [];
      if (required) await refuseMembersWithoutFactor(transaction, organisation);
      await transaction
        .updateTable('organisations')
        .set({ require_2fa: required ? 1 : 0 })
        .where('id', '=', organisation.id)
        .execute();
      const words = { required: required ? 'a second factor' : 'nothing' };
      const values = { organisation: name, by: requester.actor.name, ...words };
      await mailAll(transaction, organisation, { template: 'organisation-policy-changed', values, now });
      return [{ tag: required ? 'organisation:require-2fa-on' : 'organisation:require-2fa-off' }];
    },
  });
}

/** A member is a maintainer of every package, so what the packages require of theirs counts as well. */
async function refuseWithoutFactor(
  db: Read,
  organisation: Organisation,
  account: { readonly id: number; readonly name: string },
): Promise<void> {
  if (await hasSecondFactor(db, account.id)) return;
  const strict = (await listPackagesOf(db, organisation.id)).find(({ require_2fa }) => require_2fa === 1);
  if (organisation.require_2fa === 0 && strict === undefined) return;
  throw new Refusal(
    'owner_without_factor',
    `${strict?.name ?? organisation.name} requires a second factor, and ${account.name} has none`,
  );
}

async function refuseMembersWithoutFactor(db: Read, { id, name }: Organisation): Promise<void> {
  const without: string[] = [];
  for (const member of await listMembers(db, id)) {
    if (!(await hasSecondFactor(db, member.id))) without.push(member.name);
  }
  if (without.length === 0) return;
  const verb = without.length === 1 ? 'has' : 'have';
  throw new Refusal(
    'owner_without_factor',
    `every member of ${name} needs a second factor first: ${without.join(', ')} ${verb} none`,
  );
}

/** After a change, in its transaction: an organisation without an owner could be changed by nobody again. */
async function refuseOwnerless(db: Read, { id, name }: Organisation): Promise<void> {
  if ((await listMembers(db, id)).some(({ role }) => role === 'owner')) return;
  throw new Refusal('conflict', `${name} would have no owner left: make somebody else one first`);
}

interface Notice {
  readonly template: TemplateName;
  readonly values: Record<string, string>;
  readonly now: number;
}

/** To the owners, and to whom it is about. */
async function mailAll(transaction: Write, { id }: Organisation, notice: Notice): Promise<void> {
  const { template, values, now } = notice;
  const members = await listMembers(transaction, id);
  const concerned = members.filter((member) => member.role === 'owner' || member.name === values['user']);
  for (const member of concerned) await mailAccount(transaction, now, member.id, { template, values });
}
