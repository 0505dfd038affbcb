import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../accounts/actor.ts';
import { refuseBeyondLimits, TokenLimited } from '../../accounts/tokens/limits.ts';
import type { TokenScope } from '../../accounts/tokens/scopes.ts';
import { Refusal } from '../../errors.ts';
import { packageLabel } from '../../packages/packages.ts';
import { permissionOf } from '../../packages/permissions.ts';
import type { Services } from '../../services.ts';
import type { Look } from '../../store/recall.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { findRequestActor, requireActor } from '../request.ts';
import { recallCrate } from './find-crate.ts';

/** Who reads an index, and what they may see of it. */
export interface Reader {
  readonly actor: Actor | undefined;
  /** The look at the database that found the actor: the rest of the answer is from it too. */
  readonly look: Look;
}

/**
 * With `auth-required` nobody reads without a token. Else cargo sends none, and one that is no good reads what
 * everybody may.
 */
export async function readerOf(
  services: Services,
  request: FastifyRequest,
  look: Look = services.database.look(),
): Promise<Reader> {
  if (services.settings.cargoAuthRequired)
    return { actor: await requireActor(services, request, look), look };
  try {
    return { actor: await findRequestActor(services, request, look), look };
  } catch (error) {
    if (error instanceof Refusal) return { actor: undefined, look };
    throw error;
  }
}

/** Of a limited token: to publish, cargo has to read what is there. */
export const indexScopes: readonly TokenScope[] = ['read', 'publish', 'stage'];

/** A crate that is restricted, or only staged, does not exist for anybody without a role in it, nor for a token that is for something else. */
export async function readableCrate(
  { database }: Services,
  { actor, look }: Reader,
  name: string,
  scopes: readonly TokenScope[] = ['read'],
): Promise<PackageRecord> {
  const seen = await recallCrate(database, look, name);
  if (seen === undefined) throw noSuchCrate();
  const { record, open } = seen;
  if (open) return record;
  const role =
    actor !== undefined && mayRead(actor, scopes, packageLabel(record))
      ? await permissionOf(database.read, actor, record)
      : undefined;
  if (role === undefined) throw noSuchCrate();
  return record;
}

function mayRead(actor: Actor, scopes: readonly TokenScope[], name: string): boolean {
  try {
    refuseBeyondLimits(actor, scopes, name);
    return true;
  } catch (error) {
    if (error instanceof TokenLimited) return false;
    throw error;
  }
}

/**
 * The token whose own staged versions are shown to it, so that `cargo publish --workspace` finds what it has
 * uploaded. Where cargo sends no token when it reads, there is none.
 */
export function stagingToken(services: Services, { actor }: Reader): number | undefined {
  if (!services.settings.cargoAuthRequired || actor?.credential.kind !== 'token') return undefined;
  return actor.credential.id;
}

/** Whether everybody may read it, so that a cache that others use may keep it. */
export function isShared(services: Services, { access }: Pick<PackageRecord, 'access'>): boolean {
  return access === 'public' && !services.settings.cargoAuthRequired;
}

/** cargo takes it for an answer, shows none of it, and asks for other spellings: short, and the same for all. */
export function noSuchCrate(): Refusal {
  return new Refusal('not_found', 'there is no such crate or version here');
}
