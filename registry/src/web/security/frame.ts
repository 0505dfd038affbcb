import { refuseWhileHeld } from '../../accounts/hold.ts';
import { sessionProof } from '../../accounts/session-proof.ts';
import { html } from '../html.ts';
import { type LoggedIn, requireLogin, type Visit } from '../visit.ts';

export const backToSecurity = html`<p class="soft"><a href="/-/web/security">Security</a></p>`;

/**
 * For a page whose form takes a fresh proof: asked for before the form is filled in, or it would be lost on the
 * way. The act behind the form asks again. `action` is what it will be, as in an `Act`.
 */
export async function requireProof(visit: Visit, action = 'account:change'): Promise<LoggedIn> {
  const loggedIn = requireLogin(visit);
  const { database, clock } = visit.services;
  await refuseWhileHeld(database.read, loggedIn.actor.accountId, clock());
  await sessionProof(database.read, loggedIn.actor, { action }, clock());
  return loggedIn;
}
