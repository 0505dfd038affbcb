import { scopeOf } from '../packages/package-name.ts';

/** Another registry of the same kind, read through this one for names that are nobody's here. */
export interface Upstream {
  /** Ends in a slash: names follow. */
  readonly url: string;
  /** Sent below `url` and nowhere else. */
  readonly token: string | undefined;
  /** Origins besides its own that archives may come from. They never get the token. */
  readonly archivesAt: readonly string[];
}

/** What the operator decided, once and for all: nobody who uses the registry changes it. */
export interface Upstreams {
  /** For every name that no scope of `scopes` covers. */
  readonly all: Upstream | undefined;
  readonly scopes: ReadonlyMap<string, Upstream>;
  /** Names and scopes that are never asked for, whether or not somebody has them here yet. */
  readonly local: readonly string[];
}

export const noUpstreams: Upstreams = { all: undefined, scopes: new Map(), local: [] };

/** Whether any name at all is looked up elsewhere. */
export function hasUpstreams({ all, scopes }: Upstreams): boolean {
  return all !== undefined || scopes.size > 0;
}

/** Where a name would be looked up; `undefined` when it is this registry's alone. */
export function upstreamOf({ all, scopes, local }: Upstreams, name: string): Upstream | undefined {
  const scope = scopeOf(name);
  if (local.includes(name)) return undefined;
  if (scope === undefined) return all;
  return local.includes(scope) ? undefined : (scopes.get(scope) ?? all);
}
