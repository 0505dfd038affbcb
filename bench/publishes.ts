import { randomBytes } from 'node:crypto';
import { npmArchive, sha256 } from '../test/support/archives.ts';
import { type LoadResult, requestBytes, runLoad } from './load.ts';

/** A registry with an account in it. */
export interface Publisher {
  readonly url: string;
  readonly token: string;
}

export interface BenchRelease {
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
}

/** What compresses as little as code that is compressed already. */
export function releaseOf(name: string, version: string, bytes: number): BenchRelease {
  const archive = npmArchive(manifestOf(name, version), { 'index.js': randomBytes(bytes) });
  return { name, version, archive };
}

/** About as long as the manifest of a small package. */
function manifestOf(name: string, version: string) {
  return {
    name,
    version,
    description: 'a package of the benchmark',
    license: 'MIT',
    main: 'index.js',
    scripts: { test: 'node --test', build: 'tsc --build' },
    dependencies: { left: '^1.0.0', right: '^2.3.0', middle: '~0.4.1' },
    devDependencies: { typescript: '^7.0.0', vitest: '^5.1.0' },
    repository: { type: 'git', url: 'git+https://code.example/bench.git' },
  };
}

/** As npm's client publishes: JSON with the archive in base64. */
export function npmPublish({ url, token }: Publisher, { name, version, archive }: BenchRelease): Buffer {
  const manifest = {
    ...manifestOf(name, version),
    _id: `${name}@${version}`,
    dist: { tarball: `${url}/${name}/-/${name}-${version}.tgz` },
  };
  const document = {
    _id: name,
    name,
    'dist-tags': { latest: version },
    versions: { [version]: manifest },
    access: null,
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data: archive.toString('base64'),
        length: archive.byteLength,
      },
    },
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return requestBytes('PUT', `${url}/${name}`, headers, Buffer.from(JSON.stringify(document)));
}

/** As `pub` uploads: the archive as it is. */
export function pubUpload({ url, token }: Publisher, { name, version, archive }: BenchRelease): Buffer {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/octet-stream',
    'content-digest': `sha-256=:${sha256(archive, 'base64')}:`,
  };
  return requestBytes('PUT', `${url}/-/pub/v1/releases/npm/${name}/${version}`, headers, archive);
}

/**
 * Sends prepared publishes over so many connections; counted are those that were acknowledged. Some registries refuse
 * a version while another of the same package is on its way: that is not counted.
 */
export async function runPublishes(
  url: string,
  requests: readonly Buffer[],
  connections: number,
): Promise<LoadResult> {
  let sent = 0;
  return await runLoad({
    url,
    connections,
    next: () => requests[sent++],
    expectedStatus: 201,
    mayRefuse: true,
    duration: 10 * 60_000,
  });
}
