import { queryParameter } from '../../protocols/request.ts';
import type { AuditEventRow } from '../../store/schema.ts';
import { type Content, html } from '../html.ts';
import { type Page, page } from '../layout.ts';
import { time } from '../time.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { backToSecurity } from './frame.ts';

const pageSize = 50;

/** What the audit log holds of an account: what it did, and what was done to it. The newest first. */
export async function showHistory(visit: Visit): Promise<Page> {
  const { actor } = requireLogin(visit);
  const { events, next } = await readEvents(visit, actor.name);
  return page({
    title: 'History',
    body: html`${backToSecurity}<h1>History</h1>
<p>What your account did, and what was done to it, from the audit log of the registry.</p>
${events.length === 0 && html`<p>There is nothing older.</p>`}
<ul class="plain">${events.map(eventEntry)}</ul>
${next !== undefined && html`<p><a href="/-/web/security/history?before=${next}">Older</a></p>`}`,
  });
}

async function readEvents(
  { services, request }: Visit,
  name: string,
): Promise<{ events: AuditEventRow[]; next: number | undefined }> {
  const before = queryParameter(request, 'before') ?? '';
  const rows = await services.database.read
    .selectFrom('audit_events')
    .selectAll()
    .where((eb) => eb.or([eb('actor', '=', name), eb('subject', '=', name)]))
    .where('sequence', '<', /^\d{1,15}$/.test(before) ? Number(before) : Number.MAX_SAFE_INTEGER)
    .orderBy('sequence', 'desc')
    .limit(pageSize + 1)
    .execute();
  const events = rows.slice(0, pageSize);
  return { events, next: rows.length > pageSize ? events.at(-1)?.sequence : undefined };
}

function eventEntry({ at, tag, actor, subject, details }: AuditEventRow): Content {
  const facts = Object.entries(JSON.parse(details) as Record<string, unknown>)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${String(value)}`);
  const what = subject === actor ? '' : ` on ${subject}`;
  return html`<li><strong>${tag}</strong>${what}<br>
<small>${time(at)}, by ${actor}${facts.length > 0 && html`, ${facts.join(', ')}`}</small></li>`;
}
