import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../accounts/actor.ts';
import { refuseBeyondLimits, TokenLimited } from '../../accounts/tokens/limits.ts';
import type { TokenScope } from '../../accounts/tokens/scopes.ts';
import { Refusal } from '../../errors.ts';
import { packageLabel, recallPublic } from '../../packages/packages.ts';
import { permissionOf } from '../../packages/permissions.ts';
import type { Services } from '../../services.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { findRequestActor, requireActor } from '../request.ts';
import { findCrate } from './find-crate.ts';

/** Who reads an index, and what they may see of it. */

/**
 * With `auth-required` nobody reads without a token. Else cargo sends none, and one that is no good reads what
 * everybody may.
 */
export async function readerOf(services: Services, request: FastifyRequest): Promise<Actor | undefined> {
  if (services.settings.cargoAuthRequired) return await requireActor(services, request);
  try {
    return await findRequestActor(services, request);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Of a limited token: to publish, cargo has to read what is there. */
export const indexScopes: readonly TokenScope[] = ['read', 'publish', 'stage'];

/** A crate that is restricted, or only staged, does not exist for anybody without a role in it, nor for a token that is for something else. */
export async function readableCrate(
  services: Services,
  reader: Actor | undefined,
  name: string,
  scopes: readonly TokenScope[] = ['read'],
): Promise<PackageRecord> {
  const found = await findCrate(services.database.read, name);
  if (found === undefined) throw noSuchCrate();
  if (await recallPublic(services.database, found)) return found;
  const role =
    reader !== undefined && mayRead(reader, scopes, packageLabel(found))
      ? await permissionOf(services.database.read, reader, found)
      : undefined;
  if (role === undefined) throw noSuchCrate();
  return found;
}

function mayRead(reader: Actor, scopes: readonly TokenScope[], name: string): boolean {
  try {
    refuseBeyondLimits(reader, scopes, name);
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
export function stagingToken(services: Services, reader: Actor | undefined): number | undefined {
  if (!services.settings.cargoAuthRequired || reader?.credential.kind !== 'token') return undefined;
  return reader.credential.id;
}

/** Whether everybody may read it, so that a cache that others use may keep it. */
export function isShared(services: Services, { access }: Pick<PackageRecord, 'access'>): boolean {
  return access === 'public' && !services.settings.cargoAuthRequired;
}

/** cargo takes it for an answer, shows none of it, and asks for other spellings: short, and the same for all. */
export function noSuchCrate(): Refusal {
  return new Refusal('not_found', 'there is no such crate or version here');
}
