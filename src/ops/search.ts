import type { SearchResult } from '../ecosystems/registry.ts';
import { openWithTokenIfAny } from './authenticated.ts';
import type { LogInContext } from './log-in.ts';

export interface SearchRequest {
  readonly words: readonly string[];
  readonly limit: number;
  readonly registry: string | undefined;
}

/** One line for each package that was found. */
export async function search(context: LogInContext, request: SearchRequest): Promise<void> {
  const { registry, withToken } = await openWithTokenIfAny(context, { explicit: request.registry });
  const { packages, total } = await withToken((token) => registry.search(request, token));
  if (packages.length === 0) context.terminal.note('Nothing was found.');
  else if (total !== undefined && total > packages.length) {
    context.terminal.note(`${packages.length} of ${total}: \`--limit\` prints more.`);
  }
  const json = packages.map(({ name, version, description }) => ({
    name,
    version: version ?? null,
    description: description ?? null,
  }));
  context.terminal.result({ packages: json, total: total ?? null }, lines(packages).join('\n'));
}

function lines(packages: SearchResult['packages']): readonly string[] {
  const names = packages.map(({ name, version }) => (version === undefined ? name : `${name}@${version}`));
  const width = Math.max(0, ...names.map((name) => name.length));
  return packages.map(({ description = '' }, index) =>
    `${(names[index] ?? '').padEnd(width)}  ${description.replace(/\s+/g, ' ')}`.trimEnd(),
  );
}
