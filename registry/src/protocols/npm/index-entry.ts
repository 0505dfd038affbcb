import { unscoped } from '../../packages/package-name.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import type { Json, JsonObject } from '../../strict-json.ts';
import type { InspectedArchive } from './inspect-archive.ts';
import { hasInstallScript, type Manifest } from './manifest.ts';
import type { Provenance } from './provenance.ts';

/**
 * Where the registry's own address belongs in stored documents, so that they stay right when it moves. Only as the
 * beginning of a `tarball` or `url` member: inside any other text its quotes would be escaped.
 */
const addressPlaceholder = /"(tarball|url)":"\{registry\}\//g;

/** Puts the registry's address where the placeholder stands. */
export function withAddress(text: string, address: string): string {
  return text.replaceAll(addressPlaceholder, (_match, member) => `"${member}":"${address}/`);
}

/** The path of an archive, below the registry's address; npm derives the path of a deletion from it. */
export function archivePath(name: string, version: string): string {
  return `${name}/-/${unscoped(name)}-${version}.tgz`;
}

/** What a full packument says of one version. */
export function fullEntry(
  manifest: Manifest,
  archive: InspectedArchive,
  dist: JsonObject,
  publisher: string,
): JsonObject {
  const { name, version } = manifest;
  return {
    ...manifest,
    ...(archive.hasBindingGyp && { gypfile: true }),
    _id: `${name}@${version}`,
    _npmUser: { name: publisher },
    ...(archive.hasShrinkwrap && { _hasShrinkwrap: true }),
    ...(hasInstallScript(manifest, archive) && { hasInstallScript: true }),
    dist,
  };
}

/**
 * Puts the address behind the name of who published, where `npm view` prints it. `entry` is JSON text, `people` those of the
 * package as they are now: of somebody who left there is none.
 */
export function withPublisherAddress(
  entry: string,
  id: string,
  people: readonly { readonly name: string; readonly email: string | null }[],
): string {
  const before = `"_id":${JSON.stringify(id)},"_npmUser":{"name":`;
  const start = entry.lastIndexOf(before) + before.length;
  const end = entry.indexOf('}', start);
  // An entry of an earlier time has it elsewhere, or not at all.
  if (start < before.length || end === -1) return entry;
  const publisher = JSON.parse(entry.slice(start, end)) as string;
  const address = people.find(({ name }) => name === publisher)?.email ?? '';
  return `${entry.slice(0, end)},"email":${JSON.stringify(address)}${entry.slice(end)}`;
}

/** The members npm's registry keeps in an abbreviated packument, for installing. */
export const abbreviatedMembers = [
  'name',
  'version',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'acceptDependencies',
  'bin',
  'directories',
  'engines',
  'funding',
  'os',
  'cpu',
  'libc',
] as const;

export function shortEntry(manifest: Manifest, archive: InspectedArchive, dist: JsonObject): JsonObject {
  const kept = Object.fromEntries(
    abbreviatedMembers.flatMap((key) => (key in manifest ? [[key, manifest[key] as Json]] : [])),
  );
  return {
    ...kept,
    ...(archive.hasShrinkwrap && { _hasShrinkwrap: true }),
    ...(hasInstallScript(manifest, archive) && { hasInstallScript: true }),
    dist,
  };
}

/** What clients need to fetch and check an archive. The registry's signatures are added when it becomes public. */
export function distOf(
  { name, version }: Manifest,
  archive: InspectedArchive,
  blob: ReceivedBlob,
  provenance: Provenance | undefined,
): JsonObject {
  return {
    integrity: integrityOf(blob),
    shasum: blob.sha1,
    tarball: `{registry}/${archivePath(name, version)}`,
    fileCount: archive.fileCount,
    unpackedSize: archive.unpackedSize,
    ...(provenance && { attestations: attestationsOf(name, version, provenance) }),
  };
}

/** npm takes the path of the address and asks the registry it is configured for. */
function attestationsOf(name: string, version: string, { predicateType }: Provenance): JsonObject {
  const url = `{registry}/-/npm/v1/attestations/${name.replace('/', '%2f')}@${version}`;
  return { url, provenance: { predicateType } };
}

/** Subresource Integrity (W3C SRI), as npm's clients check it. */
export function integrityOf(blob: ReceivedBlob): string {
  return `sha512-${Buffer.from(blob.sha512, 'hex').toString('base64')}`;
}
