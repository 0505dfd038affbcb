import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type FakeRegistry, json, startFakeRegistry } from './fake-registry.ts';

/** What came with an upload. */
export interface Upload {
  readonly authorization: string | undefined;
  /** As sent. */
  readonly metadata: string;
  readonly archive: Buffer;
}

export interface OrdinaryRegistry extends FakeRegistry {
  readonly uploads: readonly Upload[];
  /** Lists nothing any more, as before the first upload. */
  forget(): void;
}

/** An ordinary Cargo registry for one crate: it takes every upload, lists the last one, and keeps what was sent. */
export async function startOrdinaryCargoRegistry(name: string): Promise<OrdinaryRegistry> {
  const uploads: Upload[] = [];
  let line: string | undefined;
  const own = (request: IncomingMessage) => `http://${request.headers.host}`;
  const registry = await startFakeRegistry({
    'GET /index/config.json': (request: IncomingMessage, response: ServerResponse) =>
      json(200, { dl: `${own(request)}/dl`, api: own(request) })(request, response),
    [`GET /index/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`]: (request, response) => {
      request.resume();
      response.writeHead(line === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(line);
    },
    'PUT /api/v1/crates/new': async (request: IncomingMessage, response: ServerResponse) => {
      const body = await buffer(request);
      const length = body.readUInt32LE(0);
      const archive = body.subarray(8 + length);
      if (archive.length !== body.readUInt32LE(4 + length))
        throw new Error('the lengths of the upload are wrong');
      uploads.push({
        authorization: request.headers.authorization,
        metadata: body.toString('utf8', 4, 4 + length),
        archive,
      });
      const { vers } = JSON.parse(uploads.at(-1)?.metadata ?? '') as { vers: string };
      line = JSON.stringify({ name, vers, deps: [], features: {}, cksum: '0'.repeat(64), yanked: false });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"warnings":{"other":["kept"]}}');
    },
  });
  const forget = () => {
    line = undefined;
  };
  return Object.assign(registry, { uploads, forget });
}
