import { recordEvent } from '../audit/log.ts';
import type { Services } from '../services.ts';

/**
 * Ends the current signing key. In a transaction, though it is a file that changes: nobody publishes meanwhile,
 * so that every release is either older than the end of the old key or signed with the new one.
 */
export async function rotateSigningKey(
  { database, clock }: Pick<Services, 'database' | 'clock'>,
  replaceKey: (ended: number) => void,
): Promise<void> {
  await database.write(async (transaction) => {
    const now = clock();
    // A release of this millisecond is one of the old key.
    replaceKey(now + 1);
    await recordEvent(transaction, now, { tag: 'keys:rotated', actor: 'operator', subject: 'signing-keys' });
  });
}
