import { recordEvent } from '../audit/log.ts';
import type { Services } from '../services.ts';
import type { Actor } from './actor.ts';
import { revokeToken } from './tokens.ts';

/** Revokes the actor's token. From the commit on nobody can use it. */
export async function logOut(services: Services, actor: Actor): Promise<void> {
  await services.database.write(async (transaction) => {
    const now = services.clock();
    if (!(await revokeToken(transaction, actor.credential.id, now))) return;
    await recordEvent(transaction, now, { tag: 'account:logout', actor: actor.name, subject: actor.name });
  });
}
