import { endOtherOwnSessions, endOwnSession } from '../../accounts/own-sessions.ts';
import { type ListedSession, listSessions } from '../../accounts/sessions.ts';
import { Refusal } from '../../errors.ts';
import { field } from '../form.ts';
import { type Content, html } from '../html.ts';
import { type Answer, type Page, page, redirect } from '../layout.ts';
import { time } from '../time.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { browserName } from './browser-name.ts';
import { backToSecurity } from './frame.ts';

const path = '/-/web/security/sessions';

/** Ending a session takes no proof: to stop somebody must always be easy, and takes power from nobody else. */
export async function showSessions(visit: Visit): Promise<Page> {
  const { actor, session } = requireLogin(visit);
  const { database, clock } = visit.services;
  const sessions = await listSessions(database.read, actor.accountId, clock());
  const entry = (one: ListedSession) => sessionEntry(visit, one, one.id === session.id);
  return page({
    title: 'Sessions',
    body: html`${backToSecurity}<h1>Sessions</h1>
<p>The browsers that are logged in to your account. A session ends after an hour of silence, and after a day in any case.</p>
<ul class="plain">${sessions.map(entry)}</ul>
${
  sessions.length > 1 &&
  html`<form method="post" action="${path}/end-others">
${visit.csrf()}
<p><button class="danger">End all other sessions</button></p>
</form>`
}`,
  });
}

function sessionEntry(visit: Visit, session: ListedSession, current: boolean): Content {
  const { id, agent, address, factor, createdAt, seenAt } = session;
  return html`<li><strong>${current ? 'This browser' : `Session ${id}`}</strong><br>
<small><bdi>${browserName(agent)}</bdi>, from ${address}, logged in ${time(createdAt)} with ${factor ?? 'the password'}, last seen ${time(seenAt)}</small>
${
  !current &&
  html`<form method="post" action="${path}/end">
${visit.csrf()}<input type="hidden" name="session" value="${id}">
<button class="second" aria-label="End session ${id}">End it</button>
</form>`
}</li>`;
}

export async function endSession(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const id = field(visit.request, 'session');
  if (!/^\d{1,15}$/.test(id)) throw new Refusal('bad_request', 'this names no session');
  await endOwnSession(visit.services, actor, Number(id));
  return redirect(path);
}

export async function endOtherSessions(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  await endOtherOwnSessions(visit.services, actor);
  return redirect(path);
}
