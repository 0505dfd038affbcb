import type { Requester } from '../../src/accounts/actor.ts';
import { hour } from './test-clock.ts';
import type { TestRegistry } from './test-registry.ts';

/** A session of an account that has just proved who it is. */
export async function openSession(registry: TestRegistry, name: string): Promise<Requester> {
  const { now } = registry.clock;
  const { id: accountId } = registry.sql(`select id from accounts where name = '${name}'`)[0];
  const { id } = await registry.services.database.write((transaction) =>
    transaction
      .insertInto('sessions')
      .values({
        account_id: accountId,
        hash: `${accountId}-${Math.random()}`,
        state: 'full',
        factor: null,
        agent: 'a browser',
        address: '127.0.0.1',
        created_at: now,
        seen_at: now,
        expires_at: now + 24 * hour,
        proved_at: now,
        proved_with: 'passkey',
        ended_at: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  const actor = { accountId, name, credential: { kind: 'session', id } } as const;
  return {
    actor,
    code: undefined,
    receivedAt: now,
    program: { agent: 'test', address: '127.0.0.1' },
    browser: undefined,
  };
}
