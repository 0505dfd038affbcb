import type { Requester } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { changePackage, requirePermitted } from './change-package.ts';
import { findPackage, type PackageId } from './packages.ts';

const longestMessage = 1_024;

type Messages = ReadonlyMap<string, string>;

export interface Deprecation {
  /** By version; an empty one takes the message away. Versions not named stay as they are. */
  readonly messages: Messages;
  /** What the messages were chosen from, where it was: `conflict` when somebody changed the package since. */
  readonly revision: number | undefined;
}

/**
 * Says what users of each version are told. What is asked for, and shown to whoever approves it, are the messages that
 * change; where none does, nothing is asked.
 */
export async function deprecate(
  services: Services,
  requester: Requester,
  id: PackageId,
  { messages, revision }: Deprecation,
): Promise<void> {
  for (const text of messages.values()) {
    if (text.length > longestMessage) {
      throw new Refusal('bad_request', `a deprecation message has at most ${longestMessage} characters`);
    }
  }
  const { read } = services.database;
  const before = await findPackage(read, id);
  const changes = before ? await changesIn(read, before, messages) : [];
  if (changes.length === 0) return await requirePermitted(services, requester, id, 'maintainer');
  const details = Object.fromEntries(changes.map(({ version, message }) => [version, message ?? '']));
  await changePackage(services, requester, id, {
    kind: 'write',
    why: `deprecating versions of ${id.name} needs it`,
    act: { action: 'deprecate', details },
    async admit(db, record) {
      const moved = revision !== undefined && revision !== record.revision;
      const left = await changesIn(db, record, messages);
      if (moved || JSON.stringify(left) !== JSON.stringify(changes)) {
        throw new Refusal('conflict', `${id.name} was changed meanwhile: repeat the command`);
      }
    },
    async apply(transaction) {
      for (const { releaseId, message } of changes) {
        const deprecated = { deprecated: message };
        await transaction.updateTable('releases').set(deprecated).where('id', '=', releaseId).execute();
      }
      return changes.map(({ version, message }) => ({
        tag: 'package:deprecated' as const,
        details: { version, deprecated: message !== null },
      }));
    },
  });
}

interface Change {
  readonly releaseId: number;
  readonly version: string;
  readonly message: string | null;
}

async function changesIn(db: Read, { id }: PackageRecord, messages: Messages): Promise<Change[]> {
  const rows = await db
    .selectFrom('releases')
    .select(['id', 'version', 'deprecated'])
    .where('package_id', '=', id)
    .where('state', '=', 'published')
    .orderBy('id')
    .execute();
  return rows.flatMap(({ id: releaseId, version, deprecated }) => {
    const message = messages.get(version) || null;
    return messages.has(version) && message !== deprecated ? [{ releaseId, version, message }] : [];
  });
}
