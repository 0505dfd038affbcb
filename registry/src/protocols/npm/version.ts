import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuseBeyondLimits } from '../../accounts/tokens/limits.ts';
import { Refusal } from '../../errors.ts';
import { listPeople, permissionOf } from '../../packages/permissions.ts';
import { listTags } from '../../packages/tags.ts';
import type { Services } from '../../services.ts';
import type { PackageRecord, ReleaseState } from '../../store/schema.ts';
import type { JsonObject } from '../../strict-json.ts';
import { findRequestActor, parameter, readablePackage } from '../request.ts';
import { withAddress, withPublisherAddress } from './index-entry.ts';

/** One version of a package by itself. */

/** `GET /<package>/<version or tag>`: what corepack reads, and scripts that want no whole packument. */
export async function getVersion(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const record = await readablePackage(services, request);
  const db = services.database.read;
  const asked = parameter(request, 'version');
  const tags = await listTags(db, record.id);
  const release = await db
    .selectFrom('releases')
    .select(['version', 'entry', 'deprecated'])
    .where('package_id', '=', record.id)
    .where('version', '=', Object.hasOwn(tags, asked) ? (tags[asked] as string) : asked)
    .where('state', '=', 'published')
    .executeTakeFirst();
  if (release === undefined) throw noSuchVersion(record.name);
  const people = await listPeople(db, record);
  const text = withPublisherAddress(release.entry, `${record.name}@${release.version}`, people);
  const entry = JSON.parse(withAddress(text, services.settings.publicUrl())) as JsonObject;
  reply.header('cache-control', 'no-cache').header('vary', 'authorization');
  return { ...entry, ...(release.deprecated !== null && { deprecated: release.deprecated }) };
}

/**
 * `GET /-/package/<package>/version/<version>/status`: whether a version can be installed. npm's registry scans
 * first and says `validating` meanwhile; here it is `published` at once.
 */
export async function getVersionStatus(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  const version = parameter(request, 'version');
  const release = await services.database.read
    .selectFrom('releases')
    .select('state')
    .where('package_id', '=', record.id)
    .where('version', '=', version)
    .executeTakeFirst();
  const known =
    release && (everybodyKnows.has(release.state) || (await isOfItsPeople(services, request, record)));
  if (!known) throw noSuchVersion(record.name);
  return { packageName: record.name, version, status: statuses[release.state] };
}

/** What was public once; all else is for the people of the package. */
const everybodyKnows: ReadonlySet<ReleaseState> = new Set(['published', 'unpublished']);

/** In npm's words. */
const statuses: Readonly<Record<ReleaseState, string>> = {
  published: 'published',
  staged: 'staged',
  unpublished: 'deleted',
  rejected: 'deleted',
  expired: 'deleted',
};

async function isOfItsPeople(
  services: Services,
  request: FastifyRequest,
  record: PackageRecord,
): Promise<boolean> {
  try {
    const actor = await findRequestActor(services, request);
    if (actor === undefined) return false;
    refuseBeyondLimits(actor, ['stage', 'publish'], record.name);
    return (await permissionOf(services.database.read, actor, record)) !== undefined;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function noSuchVersion(name: string): Refusal {
  return new Refusal('not_found', `there is no such version of ${name} here`);
}
