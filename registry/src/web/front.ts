import { newestReleases } from '../packages/search.ts';
import { cargoConfiguration } from './crate-page.ts';
import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import { packageList, shownEcosystem } from './package-list.ts';
import type { Visit } from './visit.ts';

const shown = 20;

export async function showFront(visit: Visit): Promise<Page> {
  const { settings, database } = visit.services;
  const { issuer, publicUrl } = settings;
  const newest = await newestReleases(database.read, { count: shown, ...shownEcosystem(visit) });
  return page({
    title: 'Packages',
    body: html`<h1>${issuer}</h1>
<p>A package registry that asks for a second factor before a release becomes public, and shows what approved it. npm, pnpm, yarn and pub install from it:</p>
<pre tabindex="0"><code>npm config set registry ${publicUrl()}/</code></pre>
<p>And cargo, with this in its <code>.cargo/config.toml</code>:</p>
<pre tabindex="0"><code>${cargoConfiguration(publicUrl())}</code></pre>
<h2>Newest releases</h2>
${newest.length === 0 ? html`<p>Nothing was published here yet.</p>` : packageList(newest)}`,
  });
}
