import { searchPackages } from '../packages/search.ts';
import { queryParameter } from '../protocols/request.ts';
import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import { packageList } from './package-list.ts';
import type { Visit } from './visit.ts';

const longestQuery = 100;

export async function showSearch({ services, request }: Visit): Promise<Page> {
  const query = (queryParameter(request, 'q') ?? '').slice(0, longestQuery).trim();
  const found = await searchPackages(services.database.read, query);
  const count = found.length === 1 ? 'One package' : `${found.length} packages`;
  const result = html`<p role="status">${count} for <bdi>“${query}”</bdi></p>${packageList(found)}`;
  return page({
    title: 'Search',
    body: html`<h1>Search</h1>
${query === '' ? html`<p>Words of a name, a description or the keywords of a package.</p>` : result}`,
  });
}
