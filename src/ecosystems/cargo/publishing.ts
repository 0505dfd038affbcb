import { PubError } from '../../errors.ts';
import { foreignText } from '../../http/foreign-text.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Archive } from '../ecosystem.ts';
import type { PublishOutcome, PublishPlan, PublishRequest, ReleasePlan } from '../registry.ts';
import type { ApiClient } from './api-client.ts';
import { unsupported } from './api-refusal.ts';
import { requireCrateName } from './crate-name.ts';
import type { IndexClient } from './index-client.ts';
import type { CrateArchive } from './read-crate.ts';
import { uploadBody } from './upload-body.ts';
import { uploadMetadata } from './upload-metadata.ts';

/** What can be known beforehand of an ordinary registry: whether the index has the version. */
export async function planFromIndex(
  index: IndexClient,
  token: Secret,
  requests: readonly PublishRequest[],
): Promise<PublishPlan> {
  const releases: ReleasePlan[] = [];
  for (const { archive, stage } of requests) {
    const attempt = publishAttempt(index, archive);
    if (stage) throw unsupported(attempt, 'leave out --stage: this registry has no releases that wait');
    releases.push(await planOne(index, token, archive, attempt));
  }
  return { account: undefined, secondFactor: 'unknown', releases };
}

/** Build metadata makes no other version (Cargo Book, "Index format"). Yanked versions are taken too. */
async function planOne(
  index: IndexClient,
  token: Secret,
  archive: Archive,
  attempt: string,
): Promise<ReleasePlan> {
  requireCrateName(archive.name);
  const versions = await index.versions(archive.name, token, attempt);
  const taken = versions.find(({ version }) => withoutBuild(version) === withoutBuild(archive.version));
  if (taken === undefined) return { decision: 'accept' };
  if (taken.version === archive.version && taken.checksum === archive.digests.sha256) {
    return { decision: 'published' };
  }
  const cause = new Error(`${archive.name}@${taken.version} is already published, with other contents`);
  const hint = 'raise the version in the manifest';
  return { decision: 'refuse', refusal: new PubError('E_VERSION_EXISTS', attempt, { cause, hint }) };
}

function withoutBuild(version: string): string {
  return version.replace(/\+.*$/, '');
}

/** cargo's own upload. */
export async function uploadCrate(
  api: ApiClient,
  token: Secret,
  archive: CrateArchive,
  onProgress: (sent: number) => void,
): Promise<PublishOutcome> {
  const attempt = publishAttempt(api.index, archive);
  const { manifest } = archive;
  const readme = await archive.readme();
  const index = api.index.target.url;
  const body = uploadBody(uploadMetadata({ manifest, readme, index }), archive);
  const extra = body.length - archive.size;
  const answer = await api.read({
    method: 'PUT',
    path: 'crates/new',
    attempt,
    token,
    body,
    onProgress: (sent) => onProgress(Math.max(0, sent - extra)),
  });
  return { state: 'published', warnings: warningsIn(answer) };
}

/** cargo prints these too; `other` is the only one a registry of today fills. */
function warningsIn({ warnings }: JsonObject): readonly string[] {
  if (!isJsonObject(warnings)) return [];
  const texts = (key: string) => {
    const list = warnings[key];
    return Array.isArray(list) ? list.filter((text) => typeof text === 'string').slice(0, 20) : [];
  };
  return [
    ...texts('invalid_categories').map(
      (name) => `\`${name}\` is no category the registry knows, and was left out`,
    ),
    ...texts('invalid_badges').map((name) => `\`${name}\` is no badge the registry knows, and was left out`),
    ...texts('other'),
  ].map(foreignText);
}

export function isCrateArchive(archive: Archive): archive is CrateArchive {
  return archive.ecosystem === 'cargo' && 'readme' in archive;
}

export function publishAttempt({ displayUrl }: IndexClient, { name, version }: Archive): string {
  return `failed to publish \`${name}@${version}\` to ${displayUrl}`;
}
