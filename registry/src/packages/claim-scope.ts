import type { Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { findOrganisation, getMembership } from '../organisations/organisations.ts';
import type { Services } from '../services.ts';
import type { Read } from '../store/database.ts';
import { refuseForeignScope } from '../upstream/foreign-names.ts';
import { claimantOf, findScope, type Holder, insertScope, scopeSubject } from './scopes.ts';

/** Takes a free scope before anything is published into it, for the account or an organisation it owns. */
export async function claimScope(
  services: Services,
  requester: Requester,
  scope: string,
  organisation: string | undefined,
): Promise<void> {
  const { actor } = requester;
  const subject = scopeSubject(scope);
  const details = organisation === undefined ? {} : { organisation };
  const act = { action: 'scope:claim', subject, details };
  const demand: Demand = { kind: 'governance', why: `claiming ${scope} needs it`, act };
  await logRefusals(services, { tag: 'scope:change-refused', actor: actor.name, subject }, async () => {
    await refuseForeignScope(services, scope);
    await holderOfClaim(services.database.read, requester, scope, organisation);
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      const holder = await holderOfClaim(transaction, requester, scope, organisation);
      await settleProof(transaction, { actor, demand, proof, now });
      await insertScope(transaction, { scope, holder, actor: actor.name, now });
    });
  });
}

async function holderOfClaim(
  db: Read,
  { actor }: Requester,
  scope: string,
  organisation: string | undefined,
): Promise<Holder> {
  if ((await findScope(db, scope)) !== undefined) {
    throw new Refusal('conflict', `the scope ${scope} belongs to somebody already`);
  }
  const claimant = await claimantOf(db, actor, scope);
  if (organisation === undefined && claimant.organisation_id === null) return claimant;
  const name = organisation ?? scope.slice(1);
  const { organisation: found, role } = await getMembership(db, name, actor.accountId);
  const reserved = await findOrganisation(db, scope.slice(1));
  if (role !== 'owner' || (reserved !== undefined && reserved.id !== found.id)) {
    throw new Refusal('not_owner', `only an owner of ${reserved?.name ?? name} claims ${scope}`);
  }
  return { account_id: null, organisation_id: found.id };
}
