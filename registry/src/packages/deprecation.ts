import type { Requester } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import { changePackage } from './change-package.ts';
import type { PackageId } from './packages.ts';

const longestMessage = 1_024;

/** Sets or removes (with an empty text) what users of each version are told. Versions not named stay as they are. */
export async function deprecate(
  services: Services,
  requester: Requester,
  id: PackageId,
  messages: ReadonlyMap<string, string>,
): Promise<void> {
  for (const text of messages.values()) {
    if (text.length > longestMessage) {
      throw new Refusal('bad_request', `a deprecation message has at most ${longestMessage} characters`);
    }
  }
  await changePackage(services, requester, id, {
    kind: 'write',
    why: `deprecating versions of ${id.name} needs it`,
    act: { action: 'deprecate', details: Object.fromEntries(messages) },
    async apply(transaction, record) {
      const rows = await transaction
        .selectFrom('releases')
        .select(['id', 'version', 'deprecated'])
        .where('package_id', '=', record.id)
        .where('state', '=', 'published')
        .execute();
      const changed = rows.filter(
        (row) => messages.has(row.version) && (messages.get(row.version) || null) !== row.deprecated,
      );
      for (const { id: releaseId, version } of changed) {
        const deprecated = messages.get(version) || null;
        await transaction.updateTable('releases').set({ deprecated }).where('id', '=', releaseId).execute();
      }
      return changed.map(({ version }) => ({
        tag: 'package:deprecated' as const,
        details: { version, deprecated: Boolean(messages.get(version)) },
      }));
    },
  });
}
