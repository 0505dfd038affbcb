import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Upstream, Upstreams } from '../../src/upstream/upstreams.ts';
import { archiveOf, type Release } from './publishing.ts';

/** A registry that answers what it is told to: for what no real one would send. */
export interface ScriptedUpstream {
  /** With a slash at its end. */
  readonly url: string;
  /** Every request so far: method, path and what came with it. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** What a path is answered with. A path that was not scripted is 404. */
  on(path: string, answer: ScriptedAnswer): void;
  /** The packument and the archive of a release, as they should be. */
  publish(release?: Release, change?: (packument: LooseJson) => void): Buffer;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests bend it in every way
export type LooseJson = any;

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Instead of all that. */
  readonly by?: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const answers = new Map<string, ScriptedAnswer>();
  const requests: ScriptedUpstream['requests'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    const { status = 200, headers = {}, body = '', by } = answers.get(path) ?? { status: 404 };
    if (by !== undefined) return by(request, response);
    response.writeHead(status, { ...headers }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const stop = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    await once(server.close(), 'close');
  };
  onTestFinished(stop);
  const on = (path: string, answer: ScriptedAnswer) => void answers.set(path, answer);
  const publish = (release: Release = {}, change: (packument: LooseJson) => void = () => {}) => {
    const { packument, archive, path } = describeRelease(url, release);
    change(packument);
    on(`/${packument.name.replace('/', '%2f')}`, { body: JSON.stringify(packument) });
    on(path, { body: archive });
    return archive;
  };
  return { url, requests, on, publish, stop };
}

function describeRelease(url: string, release: Release) {
  const { name = 'left', version = '1.0.0', manifest } = release;
  const archive = archiveOf({ ...release, name, version });
  const path = `/${name}/-/${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const dist = {
    integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    shasum: createHash('sha1').update(archive).digest('hex'),
    tarball: new URL(path, url).href,
  };
  const packument: LooseJson = {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { name, version, ...manifest, dist } },
  };
  return { packument, archive, path };
}

/** As an operator would have configured it. */
export function through(upstream: Partial<Upstream> & { readonly url: string }): Upstreams {
  return { all: { token: undefined, archivesAt: [], ...upstream }, scopes: new Map(), local: [] };
}
