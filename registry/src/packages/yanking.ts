import type { Requester } from '../accounts/actor.ts';
import type { Services } from '../services.ts';
import { changePackage } from './change-package.ts';
import type { PackageId } from './packages.ts';
import { getPublishedVersion } from './published-version.ts';

/**
 * Takes a version out of what new projects are resolved to, or puts it back. Whoever depends on it already still
 * gets it: a yanked version is not gone. Repeating it changes nothing.
 */
export async function setYanked(
  services: Services,
  requester: Requester,
  id: PackageId,
  { version, yanked }: { readonly version: string; readonly yanked: boolean },
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'write',
    why: `${yanked ? 'yanking' : 'putting back'} ${version} of ${id.name} needs it`,
    act: { action: yanked ? 'yank' : 'unyank', details: { version } },
    async apply(transaction, record) {
      const release = await getPublishedVersion(transaction, record, version);
      if ((release.yanked === 1) === yanked) return [];
      await transaction
        .updateTable('releases')
        .set({ yanked: yanked ? 1 : 0 })
        .where('id', '=', release.id)
        .execute();
      return [{ tag: yanked ? 'package:yanked' : 'package:unyanked', details: { version } } as const];
    },
  });
}
