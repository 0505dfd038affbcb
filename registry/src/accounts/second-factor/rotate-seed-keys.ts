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
  return await resealStale(services);
}

type RotationServices = Pick<Services, 'database' | 'seedKeys' | 'clock'>;

async function resealStale({ database, seedKeys, clock }: RotationServices): Promise<number> {
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
    if (stale.length > 0) {
      await recordEvent(transaction, clock(), {
        tag: 'keys:rotated',
        actor: 'operator',
        subject: 'seed-keys',
      });
    }
    return stale.length;
  });
}
