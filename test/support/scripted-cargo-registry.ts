import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type FakeRegistry, json, startFakeRegistry } from './fake-registry.ts';

/** A cargo registry that takes every crate and remembers what authorised it; with a route for one-shot tokens, or without. */
export interface ScriptedCargoRegistry extends FakeRegistry {
  /** What came with each upload. */
  readonly uploads: readonly { readonly authorization: string | undefined }[];
  /** What each request for a one-shot token held. */
  readonly oneShots: readonly {
    readonly authorization: string | undefined;
    readonly otp: string | undefined;
    readonly body: unknown;
  }[];
}

export interface ScriptedCargoOptions {
  /** Answers a request for a one-shot token at this registry; without it there is no such route. */
  readonly oneShot?: (
    otp: string | undefined,
    url: string,
  ) => { readonly status: number; readonly body: unknown };
  /** What somebody who approved in a browser gets. */
  readonly approval?: string;
  /** The path of the web API. */
  readonly api?: string;
}

export async function startScriptedCargoRegistry(
  name: string,
  options: ScriptedCargoOptions = {},
): Promise<ScriptedCargoRegistry> {
  const uploads: { authorization: string | undefined }[] = [];
  const oneShots: { authorization: string | undefined; otp: string | undefined; body: unknown }[] = [];
  const api = options.api ?? '/cargo';
  let line: string | undefined;
  const registry = await startFakeRegistry({
    'GET /cargo/index/config.json': (request, response) =>
      json(200, { dl: `${own(request)}/dl`, api: `${own(request)}${api}` })(request, response),
    [`GET /cargo/index/${shard(name)}`]: (request, response) => {
      request.resume();
      response.writeHead(line === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(line);
    },
    [`PUT ${api}/api/v1/crates/new`]: async (request, response) => {
      const body = await buffer(request);
      const described = body.subarray(4, 4 + body.readUInt32LE(0)).toString('utf8');
      const { name: crate, vers } = JSON.parse(described) as { name: string; vers: string };
      uploads.push({ authorization: request.headers.authorization });
      const entry = { name: crate, vers, deps: [], cksum: '0'.repeat(64), features: {}, yanked: false };
      line = `${JSON.stringify(entry)}\n`;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    },
    'GET /done': json(200, { token: options.approval ?? null }),
    'POST /-/pub/v1/one-shot-tokens': async (request, response) => {
      const body: unknown = JSON.parse((await buffer(request)).toString('utf8'));
      const otp = request.headers['npm-otp'] as string | undefined;
      oneShots.push({ authorization: request.headers.authorization, otp, body });
      const answer = options.oneShot?.(otp, own(request)) ?? { status: 404, body: { error: 'not found' } };
      const challenge = answer.status === 401 ? { 'www-authenticate': 'OTP' } : {};
      response.writeHead(answer.status, { 'content-type': 'application/json', ...challenge });
      response.end(JSON.stringify(answer.body));
    },
  });
  return Object.assign(registry, { uploads, oneShots });
}

function own(request: IncomingMessage): string {
  return `http://${request.headers.host}`;
}

/** Of names with four letters or more. */
function shard(name: string): string {
  return `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
}
