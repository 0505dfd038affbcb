import { searchPackages } from '../packages/search.ts';
import { queryParameter } from '../protocols/request.ts';
import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import { packageList, shownEcosystem } from './package-list.ts';
import type { Visit } from './visit.ts';

const longestQuery = 100;
const firstPage = { from: 0, size: 50 };
const nothing = { found: [], total: 0 };

export async function showSearch(visit: Visit): Promise<Page> {
  const { services, request } = visit;
  const query = (queryParameter(request, 'q') ?? '').slice(0, longestQuery).trim();
  const { found, total } =
    query === ''
      ? nothing
      : await searchPackages(services.database.read, {
          text: query,
          ...firstPage,
          ...shownEcosystem(visit),
        });
  const count = total === 1 ? 'One package' : `${total} packages`;
  const result = html`<p role="status">${count} for <bdi>“${query}”</bdi></p>${packageList(found)}`;
  return page({
    title: 'Search',
    body: html`<h1>Search</h1>
${query === '' ? html`<p>Words of a name, a description or the keywords of a package.</p>` : result}`,
  });
}
