import { createHash } from 'node:crypto';
import { packageArchive } from './archives.ts';
import type { Answer, Client } from './client.ts';

/** A package to publish: members of its package.json, and what else is in the archive. */
export interface Release {
  readonly name?: string;
  readonly version?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
}

export interface PublishOptions {
  readonly otp?: string | undefined;
  /** npm's PUT, or pub's upload. */
  readonly via?: 'npm' | 'pub';
  readonly tag?: string;
  readonly access?: 'public' | 'restricted';
  /** Sent instead of the archive of the release. */
  readonly archive?: Buffer;
}

export function manifestOf({ name = '@acme/tool', version = '1.0.0', manifest }: Release = {}) {
  return { name, version, ...manifest };
}

export function archiveOf(release: Release = {}): Buffer {
  return packageArchive(manifestOf(release), release.files);
}

/** As the path of a package: `/@acme%2ftool`. */
export function pathOf(name: string): string {
  return `/${name.replace('/', '%2f')}`;
}

export async function publish(
  client: Client,
  release: Release = {},
  options: PublishOptions = {},
): Promise<Answer> {
  return options.via === 'pub' ? await upload(client, release, options) : await put(client, release, options);
}

async function put(client: Client, release: Release, options: PublishOptions): Promise<Answer> {
  const archive = options.archive ?? archiveOf(release);
  const document = npmDocument(manifestOf(release), archive, options);
  return await client.put(pathOf(manifestOf(release).name), document, { otp: options.otp });
}

// biome-ignore lint/suspicious/noExplicitAny: tests bend it in every way
export type NpmDocument = any;

/** What npm's client puts for a release. */
export function npmDocument(
  manifest: { readonly name: string; readonly version: string },
  archive: Buffer,
  { tag = 'latest', access }: Pick<PublishOptions, 'tag' | 'access'> = {},
): NpmDocument {
  const { name, version } = manifest;
  const dist = {
    integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    shasum: createHash('sha1').update(archive).digest('hex'),
    tarball: `http://registry.example/${name}/-/${name}-${version}.tgz`,
  };
  return {
    _id: name,
    name,
    'dist-tags': { [tag]: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    access: access ?? null,
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data: archive.toString('base64'),
        length: archive.byteLength,
      },
    },
  };
}

async function upload(client: Client, release: Release, options: PublishOptions): Promise<Answer> {
  const { name, version } = manifestOf(release);
  const archive = options.archive ?? archiveOf(release);
  const query = new URLSearchParams({
    ...(options.tag && { tag: options.tag }),
    ...(options.access && { access: options.access }),
  });
  return await client.put(`/-/pub/v1/releases/npm${pathOf(name)}/${version}?${query}`, archive, {
    otp: options.otp,
    headers: { 'content-type': 'application/octet-stream', 'content-digest': contentDigest(archive) },
  });
}

export function contentDigest(bytes: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}
