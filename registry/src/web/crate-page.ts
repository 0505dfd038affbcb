import { noSuchPackage } from '../packages/packages.ts';
import { isCrateName } from '../protocols/cargo/crate-name.ts';
import { findCrate } from '../protocols/cargo/find-crate.ts';
import { indexUrl } from '../protocols/cargo/urls.ts';
import { parameter } from '../protocols/request.ts';
import { html } from './html.ts';
import type { Page } from './layout.ts';
import { packagePage } from './package-page.ts';
import { findLoggedIn, type Visit } from './visit.ts';

/** What the registry is called where a user has no other name for it. */
const registryName = 'pub';

/** What makes the registry known to cargo. */
export function cargoConfiguration(publicUrl: string): string {
  return `[registries.${registryName}]\nindex = "${indexUrl(publicUrl)}"`;
}

/**
 * `/-/web/crate/<name>`, by any spelling of the name. Where cargo reads nothing without a token, nobody sees it
 * without being logged in.
 */
export async function showCrate(visit: Visit): Promise<Page> {
  const { settings, database } = visit.services;
  const name = parameter(visit.request, 'name');
  const hidden = settings.cargoAuthRequired && findLoggedIn(visit) === undefined;
  const found = hidden || !isCrateName(name) ? undefined : await findCrate(database.read, name);
  if (found === undefined) throw noSuchPackage({ ecosystem: 'cargo', name: 'of that name' });
  const install = html`<pre tabindex="0"><code>cargo add ${found.name} --registry ${registryName}</code></pre>
<p class="soft">With this in <code>.cargo/config.toml</code>:</p>
<pre tabindex="0"><code>${cargoConfiguration(settings.publicUrl())}</code></pre>`;
  return await packagePage(visit, { ecosystem: 'cargo', name: found.name }, install);
}
