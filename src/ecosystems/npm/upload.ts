import { rawBody } from '../../archives/archive-bytes.ts';
import type { PubError } from '../../errors.ts';
import { webAddress } from '../../http/browser-request.ts';
import { parseJsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';
import type { Proofs } from '../proofs.ts';
import type { PublishOutcome, PublishRequest } from '../registry.ts';
import { publishDocument } from './publish-document.ts';
import { encodeSegment, packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** What a registry speaks: `pub` knows the preflight and takes the archive as it is. */
export type Dialect = 'pub' | 'npm';

export interface Upload {
  readonly dialect: Dialect;
  readonly clientVersion: string;
  /** Told how many bytes of the archive are on their way. */
  readonly onProgress: (sent: number) => void;
}

export async function upload(
  client: RegistryClient,
  proofs: Proofs,
  request: PublishRequest,
  options: Upload,
): Promise<PublishOutcome> {
  // Provenance travels in npm's document only.
  if (options.dialect === 'pub' && request.provenance === undefined)
    return await uploadArchive(client, proofs, request, options);
  return await uploadDocument(client, proofs, request, options);
}

/** docs/protocol.md, "Upload". */
async function uploadArchive(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  request: PublishRequest,
  { onProgress }: Upload,
): Promise<PublishOutcome> {
  const { archive, stage } = request;
  const attempt = publishAttempt(client, archive);
  const release = `${archive.ecosystem}/${packagePath(archive.name)}/${encodeSegment(archive.version)}`;
  const digest = Buffer.from(archive.digests.sha256, 'hex').toString('base64');
  const answer = await client.read({
    method: 'PUT',
    path: `-/pub/v1/releases/${release}?${uploadQuery(request)}`,
    command: 'publish',
    attempt,
    token,
    oneTimePassword,
    headers: { 'content-type': 'application/octet-stream', 'content-digest': `sha-256=:${digest}:` },
    body: rawBody(archive),
    onProgress,
  });
  if (answer['sha256'] !== archive.digests.sha256) throw otherOutcome(attempt, stage);
  // To stage again what was approved meanwhile is told so.
  if (answer['state'] === 'published') return { state: 'published' };
  const stageId = stringMember(answer, 'stage_id');
  if (!stage || answer['state'] !== 'staged' || !isStageId(stageId)) throw otherOutcome(attempt, stage);
  const page = webAddress(answer['page_url']);
  return { state: 'staged', stageId, pageUrl: page?.href };
}

function uploadQuery({ tag, access, stage }: PublishRequest): URLSearchParams {
  return new URLSearchParams({
    ...(tag === undefined ? {} : { tag }),
    ...(access === undefined ? {} : { access }),
    ...(stage ? { stage: 'true' } : {}),
  });
}

function otherOutcome(attempt: string, stage: boolean): PubError {
  const wanted = stage ? 'waits for an approval' : 'was published';
  return unexpectedAnswer(attempt, `it does not say that exactly this archive ${wanted}`);
}

async function uploadDocument(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  request: PublishRequest,
  { clientVersion, onProgress }: Upload,
): Promise<PublishOutcome> {
  const { archive, stage } = request;
  const attempt = publishAttempt(client, archive);
  const body = publishDocument(request, { registryUrl: client.url, clientVersion });
  const path = packagePath(archive.name);
  const response = await client.send({
    ...(stage
      ? { method: 'POST', path: `-/stage/package/${path}`, command: 'stage' }
      : { method: 'PUT', path, command: 'publish' }),
    attempt,
    token,
    oneTimePassword,
    headers: { 'content-type': 'application/json' },
    body,
    // The document is a third longer than the archive it carries.
    onProgress: (sent) => onProgress(Math.floor((sent / body.length) * archive.size)),
  });
  if (!stage) return { state: 'published' };
  const stageId = stringMember(parseJsonObject(response.text), 'stageId');
  if (!isStageId(stageId)) throw otherOutcome(attempt, stage);
  return { state: 'staged', stageId };
}

/** npm's clients take nothing else, and it becomes a part of addresses. */
export function isStageId(id: string | undefined): id is string {
  return id !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}

export function publishAttempt(client: RegistryClient, { name, version }: Archive): string {
  return `failed to publish \`${name}@${version}\` to ${client.displayUrl}`;
}
