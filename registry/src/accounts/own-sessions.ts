import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Actor } from './actor.ts';
import { changeAccount } from './change-account.ts';
import { endOtherSessions, endSession } from './sessions.ts';

/** Ends a session of the actor's own. Throws `not_found` for another account's, and for one that has ended. */
export async function endOwnSession(services: Services, actor: Actor, id: number): Promise<void> {
  const { accountId, name } = actor;
  await changeAccount(services, actor, () =>
    services.database.write(async (transaction) => {
      const now = services.clock();
      if (!(await endSession(transaction, { accountId, id, now }))) {
        throw new Refusal('not_found', 'there is no such session, or it has ended');
      }
      const event = { tag: 'session:ended', actor: name, subject: name, details: { session: id } } as const;
      await recordEvent(transaction, now, event);
    }),
  );
}

/** Ends every session of the actor's account but the one that asks. */
export async function endOtherOwnSessions(services: Services, actor: Actor): Promise<void> {
  const { accountId, name, credential } = actor;
  await services.database.write(async (transaction) => {
    const now = services.clock();
    await endOtherSessions(transaction, { accountId, kept: credential.id, now });
    await recordEvent(transaction, now, { tag: 'session:others-ended', actor: name, subject: name });
  });
}
