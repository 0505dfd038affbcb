import { foreignText } from '../../http/foreign-text.ts';
import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { SearchQuery, SearchResult } from '../registry.ts';
import { type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** npm's `GET /-/v1/search`. */
export async function search(
  client: RegistryClient,
  { words, limit }: SearchQuery,
  token: Secret | undefined,
): Promise<SearchResult> {
  const attempt = `failed to search ${client.displayUrl}`;
  const query = new URLSearchParams({ text: words.join(' '), size: String(limit) });
  const answer = await client.read({
    method: 'GET',
    path: `-/v1/search?${query}`,
    command: 'search',
    attempt,
    token,
  });
  const { objects, total } = answer;
  if (!Array.isArray(objects)) throw unexpectedAnswer(attempt, 'it has no list of packages');
  return {
    total: typeof total === 'number' ? total : undefined,
    packages: objects.slice(0, limit).flatMap(packageIn),
  };
}

function packageIn(entry: Json) {
  const found = isJsonObject(entry) && isJsonObject(entry['package']) ? entry['package'] : undefined;
  const name = stringMember(found, 'name');
  if (name === undefined) return [];
  const description = stringMember(found, 'description');
  return [
    {
      name: foreignText(name),
      version: stringMember(found, 'version'),
      description: description && foreignText(description),
    },
  ];
}
