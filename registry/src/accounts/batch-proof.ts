import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Act } from './act.ts';
import type { Requester } from './actor.ts';
import { createGrantedApproval } from './approvals.ts';
import { batchOf } from './batch.ts';
import { type Demand, demandProof, settleProof } from './second-factor/demand.ts';

export interface BatchProof {
  /** 64 hex digits; shown this once. */
  readonly proof: string;
  readonly expiresAt: number;
}

/**
 * Makes one code the proof for many releases. It takes a code whatever the account chose: what it gives is one.
 * A proof that was approved in a browser for the same releases is given back as it is.
 */
export async function createBatchProof(
  services: Services,
  requester: Requester,
  acts: readonly Act[],
): Promise<BatchProof> {
  const { actor, code = '', program } = requester;
  const act = batchOf(actor.name, acts);
  const demand: Demand = { kind: 'governance', why: `publishing ${acts.length} releases needs it`, act };
  const attempt = { tag: 'approval:refused', actor: actor.name, subject: actor.name } as const;
  return await logRefusals(services, attempt, async () => {
    const proof = await demandProof(services, requester, demand);
    if (proof === undefined) throw factorNeeded();
    if (proof.kind === 'approval') return { proof: code, expiresAt: proof.expiresAt };
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      await settleProof(transaction, { actor, demand, proof, now });
      const granted = { accountId: actor.accountId, act, program, factor: proof.factor };
      const created = await createGrantedApproval(transaction, granted, now);
      const { action, details } = act;
      await recordEvent(transaction, now, {
        tag: 'approval:granted',
        actor: actor.name,
        subject: actor.name,
        details: { ...details, action, agent: program.agent, factor: proof.factor },
      });
      return created;
    });
  });
}

function factorNeeded(): Refusal {
  return new Refusal('factor_not_enrolled', 'your account has no second factor to prove anything with');
}
