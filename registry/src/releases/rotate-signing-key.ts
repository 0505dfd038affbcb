import { recordEvent } from '../audit/log.ts';
import type { Services } from '../services.ts';
import { sealEarlier } from './seal-earlier.ts';

export interface Rotation {
  /** Puts a new key in the place of the current one, which ended then. */
  readonly replaceKey: (ended: number) => void;
  /** Whether somebody else has a key there was: none of them is kept, and every release is signed anew. */
  readonly compromised: boolean;
}

type RotationServices = Pick<Services, 'database' | 'ecosystems' | 'signingKeys' | 'clock'>;

/**
 * Ends the current signing key. In a transaction, though it is a file that changes: nobody publishes meanwhile,
 * so that every release is either older than the end of the old key or signed with the new one.
 */
export async function rotateSigningKey(
  services: RotationServices,
  { replaceKey, compromised }: Rotation,
): Promise<void> {
  const { database, clock } = services;
  await database.write(async (transaction) => {
    const now = clock();
    // A release of this millisecond is one of the old key.
    replaceKey(now + 1);
    if (compromised) await transaction.updateTable('releases').set({ signed_by: null }).execute();
    await recordEvent(transaction, now, {
      tag: 'keys:rotated',
      actor: 'operator',
      subject: 'signing-keys',
      details: { compromised },
    });
  });
  if (compromised) await sealEarlier(services);
}
