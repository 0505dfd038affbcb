import { isNameTaken } from '../accounts/names.ts';
import { Refusal } from '../errors.ts';
import { scopeOf } from '../packages/package-name.ts';
import { findPackage, type PackageId } from '../packages/packages.ts';
import type { Services } from '../services.ts';
import type { Read } from '../store/database.ts';
import { type Upstream, upstreamOf } from './upstreams.ts';

/**
 * Which names are somebody else's. A name that belongs here is never asked for upstream, whatever became of
 * its package: else whoever takes the same name there decides what gets installed ("dependency confusion").
 * And a name that is read from upstream is not made here: else whoever has an account decides that.
 */

type Parts = Pick<Services, 'database' | 'settings'>;

/** Where a package of that name is looked up instead of here; `undefined` when the name belongs here. */
export async function foreignSource(
  { database, settings }: Parts,
  id: PackageId,
): Promise<Upstream | undefined> {
  // Upstream names of npm's early days may have capital letters; ours never do.
  const name = id.name.toLowerCase();
  const upstream = id.ecosystem === 'npm' ? upstreamOf(settings.upstreams, name) : undefined;
  if (upstream === undefined || (await belongsHere(database.read, { ...id, name }))) return undefined;
  return upstream;
}

/** Also with nothing published, everything unpublished, or nothing that the reader may see. */
async function belongsHere(db: Read, id: PackageId): Promise<boolean> {
  if ((await findPackage(db, id)) !== undefined) return true;
  const scope = scopeOf(id.name);
  return scope !== undefined && (await isNameTaken(db, scope.slice(1), undefined));
}

/** Throws `upstream_name` for a package that would be new here and is read from upstream. */
export async function refuseForeignName(parts: Parts, id: PackageId): Promise<void> {
  if ((await foreignSource(parts, id)) === undefined) return;
  throw new Refusal(
    'upstream_name',
    `${id.name} is read from another registry here: take a scope of yours, or have the operator name it with --local-name`,
  );
}

/** Throws `upstream_name` for a scope that nobody has here and that is read from upstream. */
export async function refuseForeignScope({ database, settings }: Parts, scope: string): Promise<void> {
  if (upstreamOf(settings.upstreams, `${scope}/any`) === undefined) return;
  if (await isNameTaken(database.read, scope.slice(1), undefined)) return;
  throw new Refusal(
    'upstream_name',
    `packages of ${scope} are read from another registry here: have the operator name it with --local-name ${scope}`,
  );
}
