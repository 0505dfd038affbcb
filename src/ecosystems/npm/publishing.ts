import { rawBody } from '../../archives/archive-bytes.ts';
import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { type Json, parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs, PublishPlan, PublishRequest } from '../registry.ts';
import { integrityOfVersion } from './packument.ts';
import { planFrom, preflightBody } from './preflight.ts';
import { publishDocument } from './publish-document.ts';
import {
  encodeSegment,
  isSuccess,
  packagePath,
  type RegistryClient,
  unexpectedAnswer,
} from './registry-client.ts';

/** What a registry speaks: `pub` knows the preflight and takes the archive as it is. */
export type Dialect = 'pub' | 'npm';

export interface Planned {
  readonly dialect: Dialect;
  readonly plan: PublishPlan;
}

/** Everything but the versions' install metadata is left out of this form of a packument. */
const abbreviated = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

export async function plan(client: RegistryClient, token: Secret, request: PublishRequest): Promise<Planned> {
  const attempt = attemptOf(client, request);
  const response = await client.ask({
    method: 'POST',
    path: '-/pub/v1/preflight',
    command: 'publish',
    attempt,
    token,
    json: preflightBody([request.archive], client.browser),
  });
  if (!speaksPreflight(response)) {
    return { dialect: 'npm', plan: await planFromPackument(client, token, request) };
  }
  if (!isSuccess(response)) throw refusalOf(response, attempt);
  return {
    dialect: 'pub',
    plan: planFrom(JSON.parse(response.text) as Json, request.archive, attempt, client.url),
  };
}

/**
 * An ordinary npm registry has nothing there, says so in its own way, or shows a web page. `pub-registry`
 * puts a `code` into every refusal, and this route never gives 404. A server that fails (5xx) is not taken
 * for one that does not know.
 */
function speaksPreflight(response: HttpResponse): boolean {
  const { status, text } = response;
  if (status === 404 || status === 405 || status === 501) return false;
  if (status >= 500) return true;
  return isSuccess(response) ? isJson(text) : stringMember(parseJsonObject(text), 'code') !== undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function planFromPackument(
  client: RegistryClient,
  token: Secret,
  request: PublishRequest,
): Promise<PublishPlan> {
  const { archive } = request;
  const attempt = attemptOf(client, request);
  const path = packagePath(archive.name);
  const response = await client.ask({
    method: 'GET',
    path,
    command: 'publish',
    attempt,
    token,
    accept: abbreviated,
  });
  const unknown = { account: undefined, secondFactor: 'unknown', alreadyPublished: false } as const;
  if (response.status === 404) return unknown;
  if (!isSuccess(response)) throw refusalOf(response, attempt);
  const packument = parseJsonObject(response.text);
  if (packument === undefined) throw unexpectedAnswer(attempt, 'it is not a JSON object');
  const integrity = integrityOfVersion(packument, archive.version);
  if (integrity === undefined) return unknown;
  if (integrity === archive.digests.integrity)
    return { ...unknown, secondFactor: false, alreadyPublished: true };
  throw new PubError('E_VERSION_EXISTS', attempt, {
    cause: new Error(`${archive.name}@${archive.version} is already published, with other contents`),
    hint: 'raise the version in the manifest',
  });
}

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
): Promise<void> {
  if (options.dialect === 'pub') await uploadArchive(client, proofs, request, options);
  else await uploadDocument(client, proofs, request, options);
}

/** docs/protocol.md, "Upload". */
async function uploadArchive(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  request: PublishRequest,
  { onProgress }: Upload,
): Promise<void> {
  const { archive, tag, access } = request;
  const attempt = attemptOf(client, request);
  const query = new URLSearchParams({ tag, ...(access === undefined ? {} : { access }) });
  const release = `${packagePath(archive.name)}/${encodeSegment(archive.version)}`;
  const digest = Buffer.from(archive.digests.sha256, 'hex').toString('base64');
  const answer = await client.read({
    method: 'PUT',
    path: `-/pub/v1/releases/npm/${release}?${query}`,
    command: 'publish',
    attempt,
    token,
    oneTimePassword,
    headers: { 'content-type': 'application/octet-stream', 'content-digest': `sha-256=:${digest}:` },
    body: rawBody(archive),
    onProgress,
  });
  if (answer['state'] !== 'published' || answer['sha256'] !== archive.digests.sha256) {
    throw unexpectedAnswer(attempt, 'it does not say that exactly this archive was published');
  }
}

async function uploadDocument(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  request: PublishRequest,
  { clientVersion, onProgress }: Upload,
): Promise<void> {
  const { archive } = request;
  const body = publishDocument(request, { registryUrl: client.url, clientVersion });
  await client.send({
    method: 'PUT',
    path: packagePath(archive.name),
    command: 'publish',
    attempt: attemptOf(client, request),
    token,
    oneTimePassword,
    headers: { 'content-type': 'application/json' },
    body,
    // The document is a third longer than the archive it carries.
    onProgress: (sent) => onProgress(Math.floor((sent / body.length) * archive.size)),
  });
}

function attemptOf(client: RegistryClient, { archive }: PublishRequest): string {
  return `failed to publish \`${archive.name}@${archive.version}\` to ${client.displayUrl}`;
}
