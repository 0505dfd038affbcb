import { foreignText } from '../../http/foreign-text.ts';
import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { SearchQuery, SearchResult } from '../registry.ts';
import type { ApiClient } from './api-client.ts';
import { unexpectedAnswer } from './api-refusal.ts';

/** The token goes along only where every request carries it, as with cargo. */
export async function search(
  api: ApiClient,
  { words, limit }: SearchQuery,
  token: Secret | undefined,
): Promise<SearchResult> {
  const attempt = `failed to search ${api.index.displayUrl}`;
  const { authRequired } = await api.index.config(token);
  const query = new URLSearchParams({ q: words.join(' '), per_page: String(limit) });
  const answer = await api.read({
    method: 'GET',
    path: `crates?${query}`,
    attempt,
    token: authRequired ? token : undefined,
  });
  const { crates, meta } = answer;
  if (!Array.isArray(crates)) throw unexpectedAnswer(attempt, 'it has no list of crates');
  const total = isJsonObject(meta) ? meta['total'] : undefined;
  return {
    total: typeof total === 'number' ? total : undefined,
    packages: crates.slice(0, limit).flatMap(crateIn),
  };
}

function crateIn(entry: Json) {
  const found = isJsonObject(entry) ? entry : undefined;
  const name = stringMember(found, 'name');
  if (name === undefined) return [];
  const description = stringMember(found, 'description');
  return [
    {
      name: foreignText(name),
      version: stringMember(found, 'max_version'),
      description: description && foreignText(description),
    },
  ];
}
