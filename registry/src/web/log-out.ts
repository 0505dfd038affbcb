import { endSession } from '../accounts/sessions.ts';
import { recordEvent } from '../audit/log.ts';
import { type Answer, redirect } from './layout.ts';
import { forgetSession, type Visit } from './visit.ts';

/** Ends this browser's session, for the server too. */
export async function logOut(visit: Visit): Promise<Answer> {
  const { services, session } = visit;
  if (session !== undefined) {
    const { accountId, accountName: name, id } = session;
    await services.database.write(async (transaction) => {
      const now = services.clock();
      if (!(await endSession(transaction, { accountId, id, now }))) return;
      await recordEvent(transaction, now, { tag: 'account:logout', actor: name, subject: name });
    });
  }
  forgetSession(visit);
  return redirect('/');
}
