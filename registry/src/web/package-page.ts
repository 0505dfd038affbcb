import { parsePackageName } from '../packages/package-name.ts';
import { getReadablePackage, noSuchPackage, type PackageId } from '../packages/packages.ts';
import { listPeople, type Person } from '../packages/permissions.ts';
import { parameter } from '../protocols/request.ts';
import {
  findLatestRelease,
  type LatestRelease,
  listReleases,
  type PastRelease,
} from '../releases/history.ts';
import type { PackageRecord } from '../store/schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../strict-json.ts';
import { digest, fact } from './describe-act.ts';
import { externalLink } from './external-link.ts';
import { type Content, html } from './html.ts';
import { type Page, page } from './layout.ts';
import { day } from './time.ts';
import { findLoggedIn, type Visit } from './visit.ts';
import { waitingReleases } from './waiting-releases.ts';

const mostVersions = 100;

/** `/-/web/package/<name>`. A restricted package is there for its people only, and looks missing to all others. */
export async function showPackage(visit: Visit): Promise<Page> {
  const id = { ecosystem: 'npm', name: nameOf(parameter(visit.request, '*')) };
  return await packagePage(visit, id, html`<pre tabindex="0"><code>npm install ${id.name}</code></pre>`);
}

/** The page of a package of any ecosystem; `install` says how to get it. */
export async function packagePage(visit: Visit, id: PackageId, install: Content): Promise<Page> {
  const db = visit.services.database.read;
  const record = await getReadablePackage(db, id, findLoggedIn(visit)?.actor);
  const latest = await findLatestRelease(db, record.id);
  const waiting = await waitingReleases(visit, record);
  if (latest === undefined) return unreleasedPage(record, waiting);
  const releases = await listReleases(db, record.id, mostVersions);
  const people = await listPeople(db, record);
  const manifest = manifestOf(latest);
  return page({
    title: record.name,
    body: html`<h1>${record.name} <small>${latest.version}</small></h1>
${deprecation(releases, latest)}
${text(manifest['description'], (told) => html`<p><bdi>${told}</bdi></p>`)}
${install}
${factsOf(record, people, manifest)}
${waiting}
${singleOwner(people, findLoggedIn(visit)?.actor.name)}
<section class="readme" aria-labelledby="readme">
<h2 id="readme">Readme</h2>
${await readmeOf(latest)}
</section>
<h2>Versions</h2>
${versionTable(releases)}`,
  });
}

/** The renderer is loaded by the first page that needs it, and not by a start. */
async function readmeOf({ readme }: { readonly readme: string | null }): Promise<Content> {
  if (!readme) return html`<p class="soft">This version has none.</p>`;
  const { renderReadme } = await import('./readme.ts');
  return renderReadme(readme);
}

/** Nothing of it is public, so it is there for its people only: they decide about what waits. */
function unreleasedPage(record: PackageRecord, waiting: Content): Page {
  return page({
    title: record.name,
    body: html`<h1>${record.name}</h1>
<p class="notice">No release of this package is public, and nobody but its people sees it.</p>
${waiting}`,
  });
}

function nameOf(text: string) {
  try {
    return parsePackageName(text);
  } catch {
    // A name nobody can have is a package that is not there; the text itself is not repeated.
  }
  throw noSuchPackage({ ecosystem: 'npm', name: 'of that name' });
}

function manifestOf({ entry }: LatestRelease): JsonObject {
  const manifest = JSON.parse(entry) as Json;
  return isJsonObject(manifest) ? manifest : {};
}

/** The manifest is its author's: what is no text, or too much of it, is left out. */
function text(value: Json | undefined, show: (told: string) => Content): Content {
  return typeof value === 'string' && value !== '' && value.length <= 1_000 && show(value);
}

function deprecation(releases: readonly PastRelease[], { version }: LatestRelease): Content {
  const told = releases.find((release) => release.version === version)?.deprecated;
  return told && html`<p class="problem"><strong>Deprecated:</strong> <bdi>${told}</bdi></p>`;
}

function factsOf(record: PackageRecord, people: readonly Person[], manifest: JsonObject): Content {
  const repository = manifest['repository'];
  const address = isJsonObject(repository) ? repository['url'] : repository;
  const keywords = Array.isArray(manifest['keywords'])
    ? manifest['keywords'].filter(isText).slice(0, 20)
    : [];
  return html`<dl class="facts">
${fact('People', people.map(personItem))}
${fact('Releases', record.require_2fa === 1 ? 'take a second factor, always' : 'take a second factor where their publisher chose so')}
${record.access === 'restricted' && fact('Access', 'restricted to its people')}
${text(manifest['license'], (told) => fact('Licence', html`<bdi>${told}</bdi>`))}
${text(manifest['homepage'], (told) => fact('Home page', externalLink(told)))}
${text(address, (told) => fact('Source', externalLink(told.replace(/^git\+(?=https?:)/, ''))))}
${keywords.length > 0 && fact('Keywords', html`<bdi>${keywords.join(', ').slice(0, 500)}</bdi>`)}
</dl>`;
}

/** For those inside: one lost phone, and nobody can change the package. */
function singleOwner(people: readonly Person[], reader: string | undefined): Content {
  const owners = people.filter(({ role }) => role === 'owner');
  const inside = people.some(({ name }) => name === reader);
  return (
    inside &&
    owners.length === 1 &&
    html`<p class="notice">This package has a single owner. Invite another one (<code>pub owner add</code>), so that it does not depend on one account.</p>`
  );
}

function isText(value: Json): value is string {
  return typeof value === 'string';
}

function personItem({ name, role, organisation }: Person, index: number): Content {
  const from = organisation === undefined ? '' : ` by ${organisation}`;
  return html`${index > 0 && ', '}${name} <small>(${role}${from})</small>`;
}

function versionTable(releases: readonly PastRelease[]): Content {
  const more =
    releases.length === mostVersions && html`<p class="soft">The last ${mostVersions} of them.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Versions"><table>
<thead><tr><th scope="col">Version</th><th scope="col">Published</th><th scope="col">By</th><th scope="col">Approved with</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${releases.map(versionRow)}</tbody>
</table></div>${more}`;
}

function versionRow({
  version,
  deprecated,
  yanked,
  publishedAt,
  publisher,
  factor,
  sha256,
}: PastRelease): Content {
  return html`<tr>
<th scope="row">${version}${deprecated !== null && deprecated !== '' && html` <small>deprecated</small>`}${yanked === 1 && html` <small>yanked</small>`}</th>
<td>${day(publishedAt)}</td><td>${publisher}</td><td>${factorWords[factor ?? ''] ?? factor}</td><td>${digest(sha256)}</td>
</tr>`;
}

const factorWords: Readonly<Record<string, string>> = {
  '': 'no factor',
  totp: 'one-time password',
  passkey: 'passkey',
};
