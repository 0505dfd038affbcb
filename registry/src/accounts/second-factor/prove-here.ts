import type { Services } from '../../services.ts';
import type { Actor } from '../actor.ts';
import { finishAuthentication } from '../passkeys/authenticate.ts';
import type { Demand } from './demand.ts';
import { checkCode, type Proof, proofLifetime } from './proof.ts';

/**
 * A proof that is given on the page that shows what it is for, and is good for that alone: no earlier
 * confirmation of the session stands in for it.
 */
export type ProveHere = (demand: Demand) => Promise<Proof>;

export function proveByCode(
  services: Services,
  { accountId, name: accountName }: Actor,
  presented: { readonly code: string; readonly receivedAt: number },
): ProveHere {
  return async ({ act }) => await checkCode(services, { accountId, accountName, ...presented, act });
}

/** `context` is what the page asked the passkey for. */
export function proveByPasskey(
  services: Services,
  { accountId }: Actor,
  answer: { readonly context: string; readonly response: unknown },
): ProveHere {
  return async () => {
    const { passkeyId } = await finishAuthentication(services, { purpose: 'approve', accountId, ...answer });
    return { kind: 'passkey', factor: 'passkey', passkeyId, expiresAt: services.clock() + proofLifetime };
  };
}
