import { finishChange } from '../packages/packages.ts';
import type { Services } from '../services.ts';
import { sealReleases } from './seal.ts';

/**
 * Signs what was published before there was a key, or with a key that was thrown away. One package at a time, so
 * that whoever publishes meanwhile waits for no more than that.
 */
export async function sealEarlier(
  services: Pick<Services, 'database' | 'ecosystems' | 'signingKeys' | 'clock'>,
): Promise<void> {
  const { database, ecosystems, clock } = services;
  const sealing = Object.keys(ecosystems).filter((name) => ecosystems[name]?.seal !== undefined);
  const waiting = await database.read
    .selectFrom('packages')
    .selectAll()
    .where('ecosystem', 'in', sealing)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('releases')
          .select('releases.id')
          .whereRef('releases.package_id', '=', 'packages.id')
          .where('releases.state', '=', 'published')
          .where('releases.signed_by', 'is', null),
      ),
    )
    .execute();
  for (const record of waiting)
    await database.write(async (transaction) => {
      await sealReleases(services, transaction, record);
      await finishChange(services, transaction, record, clock());
    });
}
