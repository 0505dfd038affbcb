/**
 * What any registry on Node could reach at best: prepared answers by their path, sent by `node:http` or by fastify
 * and nothing else. `node bench/bare-server.ts <node:http|fastify> <file>`: see `captured.ts`.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { root } from '../test/support/places.ts';

interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function readAnswers(file: string): Map<string, Answer> {
  const prepared = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    { readonly headers: Answer['headers']; readonly body: string }
  >;
  return new Map(
    Object.entries(prepared).map(([path, { headers, body }]) => {
      const bytes = Buffer.from(body, 'base64');
      return [path, { headers: { ...headers, 'content-length': String(bytes.byteLength) }, body: bytes }];
    }),
  );
}

function isKnown({ headers: { etag } }: Answer, headers: IncomingHttpHeaders): boolean {
  return etag !== undefined && headers['if-none-match'] === etag;
}

function listenWithNode(answers: ReadonlyMap<string, Answer>): void {
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else if (isKnown(answer, request.headers))
      response.writeHead(304, { etag: answer.headers['etag'] }).end();
    else response.writeHead(200, answer.headers).end(answer.body);
  });
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port));
}

/** As much of fastify as is used here. */
interface Framework {
  fastify(options: { readonly logger: false }): {
    get(path: string, handler: (request: { headers: IncomingHttpHeaders }, reply: Reply) => void): void;
    listen(address: { readonly host: string; readonly port: number }): Promise<string>;
    readonly server: Server;
  };
}

interface Reply {
  header(name: string, value: string | undefined): Reply;
  headers(values: Answer['headers']): Reply;
  code(status: number): Reply;
  send(body?: Buffer): void;
}

async function listenWith(framework: string, answers: ReadonlyMap<string, Answer>): Promise<void> {
  // The registry's own copy.
  const require = createRequire(join(root, 'registry', 'package.json'));
  const app = (require(framework) as Framework).fastify({ logger: false });
  for (const [path, answer] of answers) {
    app.get(path, (request, reply) => {
      if (isKnown(answer, request.headers)) reply.header('etag', answer.headers['etag']).code(304).send();
      else reply.headers(answer.headers).send(answer.body);
    });
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
  announce((app.server.address() as AddressInfo).port);
}

function announce(port: number): void {
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
}

const [kind = '', file = ''] = process.argv.slice(2);
if (kind === 'node:http') listenWithNode(readAnswers(file));
else await listenWith(kind, readAnswers(file));
