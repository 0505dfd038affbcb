import { Refusal } from '../../errors.ts';
import { type Ecosystems, getEcosystem } from '../../releases/ecosystem.ts';
import type { ExactRelease } from '../../releases/standing.ts';
import type { Submission } from '../../releases/submission.ts';
import { isJsonObject, type Json } from '../../strict-json.ts';
import { accessValue, optionalString } from '../request-body.ts';

/** What a client says it is about to publish: `releases` in the body of a preflight and of a batch proof. */
export interface DeclaredRelease {
  readonly id: ExactRelease;
  readonly size: number;
  readonly access: Submission['access'];
}

/** Enough for a large workspace; bounds the work of one request. */
const mostReleases = 100;

/** Throws `bad_request` and says what is wrong. */
export function parseReleases(ecosystems: Ecosystems, value: Json | undefined): DeclaredRelease[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostReleases) {
    throw new Refusal('bad_request', `"releases" is not a list of 1 to ${mostReleases} releases`);
  }
  const releases = value.map((release) => parseRelease(ecosystems, release));
  const keys = new Set(releases.map(({ id }) => `${id.ecosystem}:${id.name}@${id.version}`));
  if (keys.size !== releases.length) throw new Refusal('bad_request', '"releases" names a release twice');
  return releases;
}

function parseRelease(ecosystems: Ecosystems, value: Json): DeclaredRelease {
  if (!isJsonObject(value)) throw new Refusal('bad_request', 'a release is not an object');
  const { ecosystem, size } = value;
  const { parseName, parseVersion } = getEcosystem(ecosystems, ecosystem);
  const sha256 = parseDigest(value['sha256']);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
    throw new Refusal('bad_request', '"size" is not a positive number of bytes');
  }
  const id = { name: parseName(value['name']), version: parseVersion(value['version']), sha256 };
  const access = accessValue(optionalString(value, 'access'));
  return { id: { ecosystem: ecosystem as string, ...id }, size, access };
}

export function parseDigest(value: Json | undefined): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new Refusal('bad_request', '"sha256" is not 64 lower-case hex digits');
}
