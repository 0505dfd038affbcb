import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../accounts/actor.ts';
import { needsCode } from '../../accounts/second-factor/demand.ts';
import { findActiveFactor } from '../../accounts/second-factor/factors.ts';
import { Refusal } from '../../errors.ts';
import { parsePackageName, parseVersion } from '../../packages/package-name.ts';
import { isRepetition, type ReleaseId, standingOf, versionTaken } from '../../releases/standing.ts';
import type { Services } from '../../services.ts';
import { isJsonObject, type Json } from '../../strict-json.ts';
import { bodyObject, requireActor } from '../request.ts';

/** `POST /-/pub/v1/preflight`: docs/protocol.md, "Preflight". Changes nothing, consumes nothing. */

/** Enough for a large workspace; bounds the work of one request. */
const mostReleases = 100;

interface DeclaredRelease {
  readonly id: ReleaseId;
  readonly sha256: string;
  readonly size: number;
}

interface Decision {
  readonly decision: 'accept' | 'published' | 'refuse';
  readonly code?: string;
  readonly message?: string;
}

export async function preflight(services: Services, request: FastifyRequest) {
  const actor = await requireActor(services, request);
  const releases = parseReleases(bodyObject(request)['releases']);
  const reviews = [];
  for (const release of releases) reviews.push({ release, ...(await review(services, actor, release)) });
  const factor = await findActiveFactor(services.database.read, actor.accountId);
  return {
    account: actor.name,
    second_factor: {
      required: reviews.some(({ needed }) => needed),
      enrolled: factor !== undefined,
      methods: factor === undefined ? [] : ['totp'],
    },
    releases: reviews.map(({ release, decision }) => ({
      name: release.id.name,
      version: release.id.version,
      ...decision,
    })),
  };
}

async function review(
  services: Services,
  actor: Actor,
  release: DeclaredRelease,
): Promise<{ decision: Decision; needed: boolean }> {
  const db = services.database.read;
  try {
    if (release.size > services.settings.maximumArchiveBytes)
      throw tooLarge(services.settings.maximumArchiveBytes);
    const standing = await standingOf(db, actor, release.id);
    if (isRepetition(standing, actor, release.sha256))
      return { decision: { decision: 'published' }, needed: false };
    if (standing.kind === 'taken') throw versionTaken(release.id);
    return {
      decision: { decision: 'accept' },
      needed: await needsCode(db, actor.accountId, standing.demand),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { decision: { decision: 'refuse', code: error.code, message: error.message }, needed: false };
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal('too_large', `the archive is larger than this registry's limit of ${limit} bytes`);
}

function parseReleases(value: Json | undefined): DeclaredRelease[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostReleases) {
    throw new Refusal('bad_request', `"releases" is not a list of 1 to ${mostReleases} releases`);
  }
  const releases = value.map(parseRelease);
  const keys = new Set(releases.map(({ id }) => `${id.ecosystem}:${id.name}@${id.version}`));
  if (keys.size !== releases.length) throw new Refusal('bad_request', '"releases" names a release twice');
  return releases;
}

function parseRelease(value: Json): DeclaredRelease {
  if (!isJsonObject(value)) throw new Refusal('bad_request', 'a release is not an object');
  const { ecosystem, sha256, size } = value;
  if (ecosystem !== 'npm') throw new Refusal('bad_request', 'the ecosystem is none of: npm');
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new Refusal('bad_request', '"sha256" is not 64 lower-case hex digits');
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
    throw new Refusal('bad_request', '"size" is not a positive number of bytes');
  }
  const id = { ecosystem, name: parsePackageName(value['name']), version: parseVersion(value['version']) };
  return { id, sha256, size };
}
