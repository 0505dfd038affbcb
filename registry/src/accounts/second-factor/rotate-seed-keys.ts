import { recordEvent } from '../../audit/log.ts';
import type { Services } from '../../services.ts';
import { seedContext } from './factors.ts';

/**
 * Adds a key and encrypts every seed under it. Seeds of older keys are brought to the current one first:
 * adding a key drops those before the last.
 */
export async function rotateSeedKeys(services: RotationServices, addKey: () => void): Promise<number> {
  await resealStale(services);
  addKey();
  const count = await resealStale(services);
  const { database, clock } = services;
  const event = { tag: 'keys:rotated', actor: 'operator', subject: 'seed-keys' } as const;
  await database.write((transaction) => recordEvent(transaction, clock(), event));
  return count;
}

type RotationServices = Pick<Services, 'database' | 'seedKeys' | 'clock'>;

async function resealStale({ database, seedKeys }: RotationServices): Promise<number> {
  return await database.write(async (transaction) => {
    const factors = await transaction
      .selectFrom('totp_factors')
      .select(['id', 'account_id', 'seed'])
      .execute();
    const stale = factors.filter((factor) => seedKeys.isStale(factor.seed));
    for (const factor of stale) {
      const context = seedContext(factor);
      const seed = seedKeys.seal(seedKeys.open(factor.seed, context), context);
      await transaction.updateTable('totp_factors').set({ seed }).where('id', '=', factor.id).execute();
    }
    return stale.length;
  });
}
