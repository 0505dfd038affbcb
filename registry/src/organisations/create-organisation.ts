import { parseAccountName } from '../accounts/account-name.ts';
import type { Requester } from '../accounts/actor.ts';
import { isNameTaken } from '../accounts/names.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import { findScope, insertScope } from '../packages/scopes.ts';
import type { Services } from '../services.ts';
import { refuseForeignScope } from '../upstream/foreign-names.ts';
import { organisationSubject } from './organisations.ts';

/**
 * Makes an organisation whose first owner is the account that asks, and takes the scope of its name where
 * that is free. Throws `bad_request` for a bad name, `conflict` for one that is taken.
 */
export async function createOrganisation(
  services: Services,
  requester: Requester,
  text: string,
): Promise<void> {
  const { actor } = requester;
  const name = parseAccountName(text);
  const subject = organisationSubject(name);
  const attempt = { tag: 'organisation:change-refused', actor: actor.name, subject } as const;
  const act = { action: 'organisation:create', subject, details: {} };
  const demand: Demand = { kind: 'governance', why: `making the organisation ${name} needs it`, act };
  await logRefusals(services, attempt, async () => {
    await refuseForeignScope(services, `@${name}`);
    if (await isNameTaken(services.database.read, name, actor)) throw taken(name);
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      if (await isNameTaken(transaction, name, actor)) throw taken(name);
      await settleProof(transaction, { actor, demand, proof, now });
      const { id } = await transaction
        .insertInto('organisations')
        .values({ name, require_2fa: 0, created_at: now })
        .returning('id')
        .executeTakeFirstOrThrow();
      const owner = {
        organisation_id: id,
        account_id: actor.accountId,
        role: 'owner',
        added_at: now,
      } as const;
      await transaction.insertInto('members').values(owner).execute();
      const details = { factor: proof?.factor ?? null };
      await recordEvent(transaction, now, {
        tag: 'organisation:created',
        actor: actor.name,
        subject,
        details,
      });
      const scope = `@${name}`;
      if ((await findScope(transaction, scope)) !== undefined) return;
      const holder = { account_id: null, organisation_id: id } as const;
      await insertScope(transaction, { scope, holder, actor: actor.name, now });
    });
  });
}

function taken(name: string): Refusal {
  return new Refusal(
    'conflict',
    `the name ${name} is taken: accounts, organisations and scopes share one list`,
  );
}
