import compareLoose from 'semver/functions/compare-loose.js';
import { PubError } from '../../errors.ts';
import { isJsonObject, type JsonObject, stringMember } from '../../json.ts';
import { SecondFactorRequired } from '../../second-factor/challenge.ts';
import type { Unpublished } from '../package-changes.ts';
import type { Proofs } from '../proofs.ts';
import { type EditablePackument, type PackumentRead, readForChange } from './change-packument.ts';
import { encodeSegment, packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

const command = 'unpublish';

/**
 * npm's way (measured, npm 12): the document without the version, then its archive. The last version takes the whole
 * package with it, which has to be meant. These are two requests, and some registries want a second factor for each:
 * repeated after the first one was done, it does the second.
 */
export async function unpublish(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  { version, wholePackage }: Unpublished,
): Promise<void> {
  const what = version === undefined ? packageName : `${packageName}@${version}`;
  const attempt = `failed to unpublish \`${what}\` from ${client.displayUrl}`;
  const read = { packageName, token: proofs.token, command, attempt };
  const packument = await readForChange(client, read);
  const { document, versions, revision } = packument;
  const path = `${packagePath(packageName)}/-rev/${encodeSegment(revision)}`;
  const request = { command, attempt, ...proofs };
  if (version === undefined || isOnlyVersion(packument, version)) {
    if (!wholePackage) throw lastVersion(packageName, what);
    await client.send({ method: 'DELETE', path, ...request });
    return;
  }
  const manifest = versions[version];
  const archivePath =
    manifest === undefined
      ? await findLeftArchive(client, { ...read, version })
      : archivePathIn(client, manifest, attempt);
  if (manifest !== undefined)
    await client.send({ method: 'PUT', path, ...request, json: withoutVersion(document, versions, version) });
  try {
    const after = manifest === undefined ? packument : await readForChange(client, read);
    const archive = `${archivePath}/-rev/${encodeSegment(after.revision)}`;
    await client.send({ method: 'DELETE', path: archive, ...request });
  } catch (error) {
    throw manifest === undefined ? error : archiveLeft(what, client, error);
  }
}

function lastVersion(packageName: string, what: string): PubError {
  return new PubError('E_REFUSED', `\`${what}\` is the last version: the whole package would be gone`, {
    hint: `pass --force to unpublish ${packageName}; \`pub deprecate\` warns whoever installs it, and takes nothing away`,
  });
}

/** The archive of a version that is in no document any more, where npm's clients look for it. */
async function findLeftArchive(
  client: RegistryClient,
  { packageName, version, token, command, attempt }: PackumentRead & { readonly version: string },
): Promise<string> {
  const file = `${packageName.slice(packageName.indexOf('/') + 1)}-${version}.tgz`;
  const path = `${packagePath(packageName)}/-/${encodeSegment(file)}`;
  const { status } = await client.ask({ method: 'HEAD', path, command, attempt, token });
  if (status === 200) return path;
  throw new PubError('E_NOT_FOUND', attempt, { cause: new Error('there is no such version') });
}

/** The version is gone by now, so asking again would begin from something else. */
function archiveLeft(what: string, client: RegistryClient, cause: unknown): unknown {
  if (cause instanceof SecondFactorRequired) {
    const message = `unpublished \`${what}\`, but ${client.displayUrl} wants another second factor for its archive, which is still there`;
    const hint = 'run the same command again, with the next code';
    return new PubError('E_SECOND_FACTOR', message, { cause, hint });
  }
  if (!(cause instanceof PubError)) return cause;
  const message = `unpublished \`${what}\`, but failed to remove its archive from ${client.displayUrl}`;
  return new PubError(cause.code, message, { cause, hint: 'run the same command again to remove it' });
}

function isOnlyVersion({ versions }: EditablePackument, version: string): boolean {
  return Object.hasOwn(versions, version) && Object.keys(versions).length === 1;
}

/** Tags that named it go; `latest` goes to the highest that is left, as npm has it. */
function withoutVersion(
  document: JsonObject,
  versions: Readonly<Record<string, JsonObject>>,
  version: string,
): JsonObject {
  const { [version]: _, ...left } = versions;
  const { _revisions, _attachments, ...rest } = document;
  const before = isJsonObject(document['dist-tags']) ? document['dist-tags'] : {};
  const tags = Object.fromEntries(Object.entries(before).filter(([, tagged]) => tagged !== version));
  const highest = Object.keys(left).sort(compareLoose).at(-1);
  const latest = before['latest'] === version && highest !== undefined ? { latest: highest } : {};
  return { ...rest, versions: left, 'dist-tags': { ...tags, ...latest } };
}

/** The registry says where its archive lies; that must be a place of its own. */
function archivePathIn(client: RegistryClient, manifest: JsonObject, attempt: string): string {
  const { dist } = manifest;
  const tarball = isJsonObject(dist) ? stringMember(dist, 'tarball') : undefined;
  const url = tarball === undefined ? null : URL.parse(tarball);
  const base = new URL(client.url).pathname;
  const path = url?.pathname.startsWith(base) ? url.pathname.slice(base.length) : '';
  // A path may read like an address: `//elsewhere/` and `https://elsewhere/` are resolved to other hosts.
  if (!path.includes('/-/') || !URL.parse(path, client.url)?.href.startsWith(client.url)) {
    throw unexpectedAnswer(attempt, 'it does not say where the archive is');
  }
  return path;
}
