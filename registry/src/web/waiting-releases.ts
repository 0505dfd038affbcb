import { permissionOf } from '../packages/permissions.ts';
import { listStagedOf, type StagedRelease } from '../releases/staged.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Content, html } from './html.ts';
import { time } from './time.ts';
import { findLoggedIn, type Visit } from './visit.ts';

/** On the page of a package, for its people: what was handed in and waits for one of them. */
export async function waitingReleases(visit: Visit, record: PackageRecord): Promise<Content> {
  const db = visit.services.database.read;
  const actor = findLoggedIn(visit)?.actor;
  if (actor === undefined || (await permissionOf(db, actor, record)) === undefined) return undefined;
  const waiting = await listStagedOf(db, record);
  return (
    waiting.length > 0 &&
    html`<section aria-labelledby="waiting">
<h2 id="waiting">Waiting for approval</h2>
<ul class="plain">${waiting.map(item)}</ul>
</section>`
  );
}

function item({ stageId, version, stagedBy, stagedAt }: StagedRelease): Content {
  return html`<li><a href="/-/web/staged/${stageId}"><strong>${version}</strong></a> <small>by ${stagedBy}, ${time(stagedAt)}</small></li>`;
}
