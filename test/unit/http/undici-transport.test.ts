import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { PubError } from '../../../src/errors.ts';
import type { HttpRequest, Transport } from '../../../src/http/transport.ts';
import type { TransportSettings } from '../../../src/http/transport-settings.ts';
import { createTransport } from '../../../src/http/undici-transport.ts';
import { Secret } from '../../../src/secret.ts';

const token = new Secret('pub_secret_token');
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(server: Server | TcpServer): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const serve = (listener: RequestListener): Promise<URL> => listen(createServer(listener));

/** A server that says exactly these bytes to whatever it is asked. */
async function serveBytes(answer: (socket: Socket) => void): Promise<URL> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
    closers.push(() => void socket.destroy());
  });
  return await listen(server);
}

function transport(settings: Partial<TransportSettings> = {}): Transport {
  const created = createTransport({ userAgent: 'pub/test', strictTls: true, ...settings });
  closers.push(() => created.close());
  return created;
}

async function failure(promise: Promise<unknown>): Promise<PubError> {
  const outcome = await promise.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(PubError);
  expect(`${outcome} ${(outcome as PubError).hint} ${(outcome as PubError).cause}`).not.toContain(
    'pub_secret',
  );
  return outcome as PubError;
}

const get = (url: URL, more: Partial<HttpRequest> = {}): HttpRequest => ({ method: 'GET', url, ...more });

describe('a request', () => {
  test('carries the token, the code and its headers, and the answer comes back with lower-case names', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      response.writeHead(404, { 'X-Thing': ['a', 'b'] }).end('{"error":"no"}');
    });
    const request = get(new URL('/a%2fb?q=1', url), { token, oneTimePassword: new Secret('123 456') });
    const response = await transport().send({ ...request, headers: { 'npm-command': 'publish' } });
    expect(response.status).toBe(404);
    expect(response.headers['x-thing']).toBe('a, b');
    expect(response.text).toBe('{"error":"no"}');
    expect(seen[0]?.url).toBe('/a%2fb?q=1');
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer pub_secret_token',
      'npm-otp': '123456',
      'npm-command': 'publish',
      'user-agent': 'pub/test',
    });
  });

  test('streams its body with a length, and reports what was sent', async () => {
    let received = 0;
    let length: string | undefined;
    const url = await serve(async (request, response) => {
      length = request.headers['content-length'];
      for await (const chunk of request) received += (chunk as Buffer).length;
      response.end('{}');
    });
    const sent: number[] = [];
    await transport().send({
      method: 'PUT',
      url,
      body: {
        length: 300_000,
        async *open() {
          for (let part = 0; part < 3; part += 1) yield Buffer.alloc(100_000);
        },
      },
      onProgress: (bytes) => sent.push(bytes),
    });
    expect([received, length]).toEqual([300_000, '300000']);
    expect(sent).toEqual([100_000, 200_000, 300_000]);
  });

  test('sends a secret body as it is', async () => {
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      bodies.push(await readText(request));
      response.end('{}');
    });
    await transport().send({ method: 'PUT', url, body: new Secret('{"password":"pässword"}') });
    expect(bodies).toEqual(['{"password":"pässword"}']);
  });

  test('a body shorter than it was said to be is a failure, not a short upload', async () => {
    const url = await serve(async (request, response) => {
      await readText(request).catch(() => {});
      response.end('{}');
    });
    const body = {
      length: 10,
      open: async function* () {
        yield Buffer.alloc(4);
      },
    };
    const error = await failure(transport().send({ method: 'PUT', url, body }));
    expect(error).toMatchObject({ code: 'E_NETWORK', message: expect.stringContaining('changed while') });
  });

  test('an answer that comes before the body was read is the answer', async () => {
    const url = await serve((request, response) => {
      response
        .writeHead(401, { 'www-authenticate': 'otp', connection: 'close' })
        .end('{"code":"otp_refused"}');
      request.resume();
    });
    const body = {
      length: 2_000_000,
      async *open() {
        for (let part = 0; part < 20; part += 1) yield Buffer.alloc(100_000);
      },
    };
    const response = await transport().send({ method: 'PUT', url, token, body });
    expect([response.status, response.headers['www-authenticate']]).toEqual([401, 'otp']);
  });

  test('shares its connection with one that follows at once', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      request.resume().on('end', () => response.end('{}'));
    });
    const { send } = transport();
    async function* open() {
      yield Buffer.from('archive');
    }
    await send({ method: 'POST', url, body: '{}' });
    await send({ method: 'PUT', url, body: { length: 7, open } });
    expect(sockets.size).toBe(1);
  });
});

describe('a credential', () => {
  test.each(['abc\r\nx-evil: 1', 'tökén-pub_secret', 'pub_secret with space', ''])(
    'that no registry issues is refused without being shown',
    async (value) => {
      const url = await serve((_, response) => response.end('{}'));
      const error = await failure(transport().send(get(url, { token: new Secret(value) })));
      expect(error.code).toBe('E_CONFIG');
      if (value !== '') expect(JSON.stringify([error.message, error.hint])).not.toContain(value);
      const code = await failure(transport().send(get(url, { oneTimePassword: new Secret(`1${value}\n`) })));
      expect(code.code).toBe('E_CONFIG');
    },
  );

  test.each([
    ['token', { token }],
    ['code', { oneTimePassword: new Secret('123456') }],
    ['name and password', { basicCredential: new Secret('alice:pub_secret') }],
    ['password', { method: 'PUT', body: new Secret('{}') } as const],
    ['name and password', { basicCredential: new Secret('alice:pass word') }],
  ])('is not sent in the clear to another machine: %s', async (_, parts) => {
    const error = await failure(transport().send(get(new URL('http://registry.example/'), parts)));
    expect(error).toMatchObject({
      code: 'E_CONFIG',
      message: 'refusing to send a credential to registry.example without encryption',
    });
    expect(error.hint).toContain('https://');
  });

  test.each([
    'http://127.0.0.1.registry.example/',
    'http://localhost.registry.example/',
    'http://127.1.1.1.1/',
  ])('is not sent to a host that only looks like this machine: %s', async (url) => {
    if (!URL.canParse(url)) return;
    expect((await failure(transport().send(get(new URL(url), { token })))).code).toBe('E_CONFIG');
  });
});

describe('a redirect', () => {
  test('is followed within the origin with the token, and to another origin without it', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers['npm-otp'] as string | undefined);
      response.end('other');
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      const location = request.url === '/a' ? '/b' : other.href;
      response.writeHead(302, { location }).end();
    });
    const request = get(new URL('/a', url), { token, oneTimePassword: new Secret('123456') });
    expect((await transport().send(request)).text).toBe('other');
    expect(seen).toEqual(['Bearer pub_secret_token', 'Bearer pub_secret_token', undefined, undefined]);
  });

  test('to another origin gets no name and password either', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('other');
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: other.href }).end();
    });
    await transport().send(get(url, { basicCredential: new Secret('alice:pass wörd') }));
    expect(seen).toEqual([`Basic ${Buffer.from('alice:pass wörd').toString('base64')}`, undefined]);
  });

  test('to another origin takes no name and password along', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('other');
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: other.href }).end();
    });
    await transport().send(get(url, { basicCredential: new Secret('alice:pub_secret') }));
    expect(seen).toEqual([`Basic ${Buffer.from('alice:pub_secret').toString('base64')}`, undefined]);
  });

  test('to another origin that wants a login says so, and not that the login ended', async () => {
    const other = await serve((_request, response) => response.writeHead(401).end());
    const url = await serve((_request, response) => response.writeHead(302, { location: other.href }).end());
    const error = await failure(transport().send(get(url, { token })));
    expect([error.code, error.message]).toEqual([
      'E_NETWORK',
      `${url.host} redirects to ${other.host}, where your token is not sent`,
    ]);
    expect((await transport().send(get(url))).status).toBe(401);
  });

  test('of a write is not followed', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      request.resume();
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect((await transport().send({ method: 'PUT', url, token, body: '{}' })).status).toBe(307);
    expect(requests).toBe(1);
  });

  test.each(['file:///etc/passwd', 'http://user:pw@127.0.0.1/', 'javascript:1'])(
    'to %s is refused',
    async (location) => {
      const url = await serve((_, response) => response.writeHead(302, { location }).end());
      expect((await failure(transport().send(get(url)))).message).toContain('where we do not follow');
    },
  );

  test('in a circle ends', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    expect((await failure(transport().send(get(url)))).message).toContain('redirects too often');
  });
});

describe('a hostile or broken registry', () => {
  test.each([
    ['gzip', gzipSync('{"ok":true}')],
    ['br', brotliCompressSync('{"ok":true}')],
    ['identity', Buffer.from('{"ok":true}')],
  ])('may compress its answer: %s', async (encoding, body) => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    expect((await transport().send(get(url))).text).toBe('{"ok":true}');
  });

  test.each([
    [
      'a long answer',
      (response: ServerResponse) => response.end(Buffer.alloc(4096, 'a')),
      'longer than 1000',
    ],
    [
      'a decompression bomb',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000))),
      'longer than 1000',
    ],
    [
      'a truncated gzip',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"ok":true}').subarray(0, 20)),
      'is damaged',
    ],
    [
      'an unknown encoding',
      (response: ServerResponse) => response.writeHead(200, { 'content-encoding': 'zstd9' }).end('x'),
      'unknown encoding "zstd9"',
    ],
  ])('%s is a failure', async (_, answer, message) => {
    const url = await serve((_request, response) => void answer(response));
    const error = await failure(transport({ maximumAnswer: 1000 }).send(get(url, { token })));
    expect(error).toMatchObject({ code: 'E_NETWORK', message: expect.stringContaining(message) });
  });

  test.each([
    ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
    ['nonsense', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 4\r\n\r\n{}{}'],
    ['nothing', ''],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`],
  ])('%s is a failure of the network that names the host', async (_, bytes) => {
    const url = await serveBytes((socket) => socket.end(bytes));
    const error = await failure(transport().send(get(url, { token })));
    expect(error.code).toBe('E_NETWORK');
    expect(error.message).toContain(url.host);
  });

  test('one that never answers, or stops in the middle, is given up', async () => {
    const silent = await serveBytes(() => {});
    const error = await failure(transport({ headersTimeout: 300 }).send(get(silent)));
    expect(error.message).toBe(`${silent.host} did not answer in time`);
    const stalled = await serveBytes((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    );
    const other = await failure(transport({ bodyTimeout: 300 }).send(get(stalled)));
    expect(other.message).toBe(`${stalled.host} stopped in the middle of its answer`);
  });

  test('a slow upload is waited for, one that is no longer taken is given up', async () => {
    const taking = await serve(async (request, response) => {
      response.end(String((await readText(request)).length));
    });
    const slow = {
      length: 6,
      async *open() {
        for (let part = 0; part < 6; part += 1) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          yield Buffer.from('x');
        }
      },
    };
    const patient = transport({ headersTimeout: 500 });
    expect((await patient.send({ method: 'PUT', url: taking, body: slow })).text).toBe('6');
    const stalled = await serveBytes((socket) => void socket.pause());
    const large = {
      length: 50_000_000,
      async *open() {
        for (let part = 0; part < 50; part += 1) yield Buffer.alloc(1_000_000);
      },
    };
    const error = await failure(patient.send({ method: 'PUT', url: stalled, token, body: large }));
    expect(error.message).toBe(`${stalled.host} did not answer in time`);
  });

  test('a closed port and an unknown host say what to check', async () => {
    const server = createServer();
    const url = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const refused = await failure(transport().send(get(url, { token })));
    expect(refused).toMatchObject({ code: 'E_NETWORK', message: `${url.host} refuses the connection` });
    expect(refused.hint).toContain('check that the registry is running');
    const unknown = await failure(transport().send(get(new URL('http://registry.invalid/'))));
    expect(unknown.message).toContain('registry.invalid');
    expect(unknown.hint).toContain('check the name of the registry');
  });
});

describe('settings', () => {
  test('Ctrl-C ends a request that hangs', async () => {
    const interrupt = new AbortController();
    const url = await serveBytes(() => interrupt.abort());
    const error = await failure(transport({ signal: interrupt.signal }).send(get(url, { token })));
    expect(error.code).toBe('E_INTERRUPTED');
  });

  test('a proxy is used for other hosts, and never for this machine', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('from the proxy');
    });
    const url = await serve((_, response) => response.end('direct'));
    const proxied = transport({ proxy: proxy.href });
    expect((await proxied.send(get(new URL('http://registry.example/x')))).text).toBe('from the proxy');
    expect((await proxied.send(get(url, { token }))).text).toBe('direct');
    expect(asked).toEqual(['http://registry.example/x']);
  });

  test('a proxy setting that is not a URL is refused without repeating it', async () => {
    const settings = { httpsProxy: 'user:pub_secret@proxy' };
    const error = await failure(transport(settings).send(get(new URL('http://127.0.0.1:1/'))));
    expect(error.code).toBe('E_CONFIG');
  });

  test('a variable of the process that names a proxy is not looked at', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    process.env['http_proxy'] = proxy.href;
    closers.push(() => void delete process.env['http_proxy']);
    for (const settings of [{}, { httpsProxy: proxy.href }]) {
      await failure(transport(settings).send(get(new URL('http://registry.invalid/'))));
    }
    expect(asked).toEqual([]);
  });
});
