import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { step } from './support/authenticator.ts';
import type { Client } from './support/client.ts';
import { archiveOf, manifestOf, npmDocument, publish } from './support/publishing.ts';
import { createRandom } from './support/random.ts';
import {
  createTestRegistry,
  goodPassword,
  profilePath,
  type TestRegistry,
  userPath,
} from './support/test-registry.ts';

const tool = '/@acme%2ftool';
const json = { 'content-type': 'application/json' };

/** The paths of `routes.ts`, filled in. */
const routes = [
  userPath('alice'),
  '/-/user/token/pub_x',
  '/-/whoami',
  '/-/ping',
  profilePath,
  tool,
  `${tool}/-/tool-1.0.0.tgz`,
  `${tool}/-rev/1-pub`,
  '/-/package/@acme%2ftool/owners',
  '/-/package/@acme%2ftool/owners/alice',
  '/-/package/@acme%2ftool/visibility',
  '/-/package/@acme%2ftool/collaborators',
  '/-/package/@acme%2ftool/access',
  '/-/package/@acme%2ftool/dist-tags',
  '/-/package/@acme%2ftool/dist-tags/next',
  '/-/pub/v1/preflight',
  '/-/pub/v1/logout',
  '/-/pub/v1/releases/npm/@acme%2ftool/1.0.0',
];
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'] as const;

async function withPackage(): Promise<[TestRegistry, Client]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  return [registry, alice];
}

describe('caching', () => {
  test('every answer to somebody says that nobody may share it, but what everybody may read', async () => {
    const [registry, alice] = await withPackage();
    const open = [tool, `${tool}/-/tool-1.0.0.tgz`];
    const requests = routes
      .filter((url) => !url.includes('logout'))
      .flatMap((url) => methods.map((method) => ({ url, method })));
    for (const { url, method } of requests) {
      const { headers } = await alice.send(method, url);
      const shared = open.includes(url) && ['GET', 'HEAD'].includes(method);
      const expected = shared ? /^public, / : /^no-store$/;
      expect([method, url, expected.test(String(headers['cache-control']))]).toEqual([method, url, true]);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    expect(registry.log).toEqual([]);
  });

  test('what only some may read is shared by nobody', async () => {
    const [, alice] = await withPackage();
    await alice.post('/-/package/@acme%2ftool/access', { access: 'restricted' });
    for (const url of [tool, `${tool}/-/tool-1.0.0.tgz`]) {
      const { status, headers } = await alice.get(url);
      expect([status, headers['cache-control']]).toEqual([200, expect.stringMatching(/^private, /)]);
    }
  });

  test('credentials travel only in answers to PUT and POST', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    for (const url of routes) {
      const { text } = await alice.get(url);
      for (const secret of [alice.token, app.seed, goodPassword, ...app.recoveryCodes])
        expect(text.includes(secret)).toBe(false);
      expect(text).not.toMatch(/otpauth:|pub_[0-9A-Za-z]{42}|argon2/);
    }
  });
});

describe('the log', () => {
  test('holds no credential, whatever fails', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const otp = app.code();
    const secrets = [alice.token, otp, app.seed, goodPassword, ...app.recoveryCodes];
    const tables = ['tokens', 'attempts', 'accounts', 'totp_factors', 'packages', 'audit_events'];
    // Everything that writes fails: with the message of the trigger, and with all that the failing code knows.
    for (const table of tables)
      for (const act of ['insert', 'update', 'delete'])
        registry.sql(
          `create trigger fail_${act}_${table} before ${act} on ${table} begin select raise(abort, 'no'); end`,
        );
    const answers = [
      await alice.delete(`/-/user/token/${alice.token}`),
      await alice.post('/-/pub/v1/logout'),
      await registry.logIn('alice', { otp }),
      await publish(alice, {}, { otp }),
      await publish(alice, {}, { otp, via: 'pub' }),
      await alice.post(profilePath, { password: { old: goodPassword, new: goodPassword } }, { otp }),
      await alice.post(profilePath, { tfa: { mode: 'disable', password: goodPassword } }, { otp }),
    ];
    expect(answers.map(({ status, code }) => [status, code])).toEqual(Array(7).fill([500, 'internal_error']));
    expect(registry.log).toHaveLength(7);
    const seen = registry.log.join('\n') + answers.map(({ text }) => text).join('\n');
    for (const secret of secrets) expect(seen.includes(secret)).toBe(false);
    expect(registry.log[0]).toContain('DELETE /-/user/token/:token failed');
    for (const { text } of answers) expect(text).not.toMatch(/SQLITE|sqlite|abort|trigger| at /);
  });
});

describe('a hostile request', () => {
  const bodies: [string, string][] = [
    ['__proto__ on top', '{"__proto__":{"admin":true},"releases":[]}'],
    ['__proto__ deep inside', '{"a":[{"\\u005f_proto__":1}]}'],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['nothing', ''],
    ['a number', '1e999'],
    ['a thousand lists in each other', '['.repeat(1_000)],
    ['half a million lists in each other', '['.repeat(500_000)],
    ['a closed half million of them', `${'['.repeat(250_000)}${']'.repeat(250_000)}`],
    ['a lone surrogate', '{"name":"\\ud800"}'],
    ['NUL', '{"name":"a\\u0000b"}'],
  ];

  test('with a strange body is refused and nothing else', async () => {
    const [registry, alice] = await withPackage();
    for (const [what, body] of bodies) {
      for (const url of ['/-/pub/v1/preflight', profilePath, '/-/package/@acme%2ftool/access']) {
        const { status } = await alice.post(url, body, { headers: json });
        // npm sends fields it does not know of; a profile without one that is known changes nothing.
        expect([what, url, status === 400 || (url === profilePath && status === 200)]).toEqual([
          what,
          url,
          true,
        ]);
      }
    }
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect(registry.log).toEqual([]);
  });

  test('that sets __proto__ sets nothing, beside members that are fine', async () => {
    const [, alice] = await withPackage();
    for (const key of ['__proto__', '\\u005f_proto__']) {
      const body = `{"fullname":"Alice","a":[{"${key}":{}}]}`;
      expect((await alice.post(profilePath, body, { headers: json })).code).toBe('bad_request');
    }
    const manifest = JSON.stringify(
      npmDocument(manifestOf({ version: '1.0.1' }), archiveOf({ version: '1.0.1' })),
    );
    const document = manifest.replace('"dist":', '"__proto__":{"evil":true},"dist":');
    expect((await alice.put(tool, document)).code).toBe('bad_request');
  });

  test('with a body over 1 MiB is refused', async () => {
    const [, alice] = await withPackage();
    const body = JSON.stringify({ fullname: 'x'.repeat(1024 * 1024) });
    expect((await alice.post(profilePath, body, { headers: json })).code).toBe('too_large');
    expect((await alice.put('/-/package/@acme%2ftool/owners', body, { headers: json })).code).toBe(
      'too_large',
    );
  });

  test('with a publish document that is endless text is cut off', async () => {
    const [, alice] = await withPackage();
    const answer = await alice.put(tool, JSON.stringify({ a: 'x'.repeat(9 * 1024 * 1024) }));
    expect(answer.status).toBe(413);
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'x',
    'application/json; charset=utf-16',
  ])('of the content type %s changes nothing', async (type) => {
    const [registry, alice] = await withPackage();
    const before = (await registry.anonymous.get(tool)).text;
    const answer = await alice.post('/-/package/@acme%2ftool/access', '{"access":"restricted"}', {
      headers: { 'content-type': type },
    });
    if (type.includes('json')) expect(answer.status).toBeLessThan(500);
    else {
      expect([answer.status, answer.code]).toEqual([400, 'bad_request']);
      expect((await registry.anonymous.get(tool)).text).toBe(before);
    }
  });

  test('with a body where none belongs is answered as without', async () => {
    const [, alice] = await withPackage();
    await publish(alice, { version: '1.1.0' }, { tag: 'next' });
    const answer = await alice.send('DELETE', '/-/package/@acme%2ftool/dist-tags/next', {
      body: '{"a":1}',
      headers: json,
    });
    expect(answer.status).toBe(200);
    const empty = await alice.send('DELETE', '/-/package/@acme%2ftool/dist-tags/none', { headers: json });
    expect(empty.code).toBe('not_found');
  });

  test('as another method is not found', async () => {
    const [, alice] = await withPackage();
    for (const method of ['OPTIONS', 'PATCH'] as const)
      for (const url of routes) expect((await alice.send(method, url)).status).toBe(404);
  });

  test('with a method in a header is still the method it is', async () => {
    const [registry, alice] = await withPackage();
    const headers = {
      'x-http-method-override': 'DELETE',
      'x-original-url': '/-/pub/v1/logout',
      'x-rewrite-url': '/-/pub/v1/logout',
    };
    expect((await alice.get('/-/whoami', { headers })).status).toBe(200);
    expect((await alice.get('/-/whoami')).status).toBe(200);
    expect(registry.log).toEqual([]);
  });

  test('by a name that is not ours is refused: a page in a browser could make it lead here', async () => {
    const [registry, alice] = await withPackage();
    for (const host of [
      'evil.example',
      'evil.example:4873',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a@evil.example',
    ]) {
      const answer = await alice.get('/-/whoami', { headers: { host } });
      expect([host, answer.status, answer.code]).toEqual([host, 400, 'bad_request']);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    for (const host of ['registry.example', 'localhost:4873', '127.0.0.1:4873', '[::1]:4873'])
      expect((await alice.get('/-/whoami', { headers: { host } })).status).toBe(200);
    expect(registry.log).toEqual([]);
  });

  test('with a forwarded address is counted where it really came from', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const mallory = registry.anonymous.from({ address: '192.0.2.66' });
    const body = { name: 'alice', password: 'not the password at all' };
    const statuses = [];
    for (let i = 0; i < 12; i++) {
      const headers = { 'x-forwarded-for': `192.0.2.${i}`, forwarded: `for=192.0.2.${i}` };
      statuses.push((await mallory.put(userPath('alice'), body, { headers })).status);
    }
    expect(statuses.slice(-2)).toEqual([429, 429]);
  });
});

/** Sends bytes as they are over a real connection, and gives what comes back until the server closes it. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

describe('over a real connection', () => {
  async function listening() {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await registry.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = registry.app.server.address() as { port: number };
    onTestFinished(() => registry.app.server.closeAllConnections());
    return { registry, alice, app, port };
  }

  test('a code sent twice is one that is wrong, and a second token is not looked at', async () => {
    const { registry, alice, app, port } = await listening();
    const body = JSON.stringify(npmDocument(manifestOf(), archiveOf()));
    const head = (lines: string[]) =>
      [
        'PUT /@acme%2ftool HTTP/1.1',
        'host: 127.0.0.1',
        'connection: close',
        `content-length: ${body.length}`,
        ...lines,
        '',
        body,
      ].join('\r\n');
    const auth = `authorization: Bearer ${alice.token}`;
    const codes = [`npm-otp: ${app.code()}`, `npm-otp: ${app.code()}`];
    expect(await sendRaw(port, head([auth, ...codes]))).toMatch(/^HTTP\/1.1 401 [\s\S]*otp_refused/);
    expect(await sendRaw(port, head(['authorization: Bearer x', auth, `npm-otp: ${app.code()}`]))).toMatch(
      /^HTTP\/1.1 401 [\s\S]*unauthenticated/,
    );
    registry.clock.advance(step);
    expect(await sendRaw(port, head([auth, `npm-otp: ${app.code()}`]))).toMatch(/^HTTP\/1.1 201 /);
  });

  test.each([
    [
      'two lengths',
      'PUT /tool HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\ncontent-length: 40\r\n\r\n{}GET /-/whoami HTTP/1.1\r\n\r\n',
    ],
    [
      'a length beside chunks',
      'PUT /tool HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /-/whoami HTTP/1.1\r\n\r\n',
    ],
    [
      'a broken chunk',
      'PUT /tool HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a header of two lines',
      'GET /-/whoami HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer\r\n x\r\n\r\n',
    ],
    ['a header of 20 KB', `GET /-/whoami HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['no HTTP', 'hello\r\n\r\n'],
  ])('a request with %s is refused, and the connection closed', async (_, text) => {
    const { registry, port } = await listening();
    const answer = await sendRaw(port, text);
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(answer.match(/^HTTP\/1.1/gm)).toHaveLength(1);
    expect(registry.log).toEqual([]);
  });

  test('whoever is refused before the body still gets the answer', async () => {
    const { registry, port } = await listening();
    const body = Buffer.alloc(5 * 1024 * 1024);
    const response = await fetch(`http://127.0.0.1:${port}/tool`, { method: 'PUT', body });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      401,
      'unauthenticated',
    ]);
    expect(registry.log).toEqual([]);
  });
});

test('no request out of 1500 made at random makes the server fail', async () => {
  const [registry, alice] = await withPackage();
  const random = createRandom(20260101);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const values = [
    '',
    'alice',
    '1.0.0',
    'latest',
    '123456',
    '@acme/tool',
    '../..',
    '\u0000',
    '%',
    '1-pub',
    null,
    true,
    0,
    -1,
    1e30,
    [],
    {},
    [[]],
    [null],
    { name: 'alice' },
    ['123456'],
    'x'.repeat(300),
  ];
  const keys = [
    'name',
    'password',
    'email',
    'tfa',
    'maintainers',
    'versions',
    '_attachments',
    'dist-tags',
    'access',
    'publish_requires_tfa',
    'user',
    'releases',
    'mode',
    'old',
    'new',
    '1.0.0',
    'constructor',
    'toString',
    'length',
  ];
  const value = (depth: number): unknown => {
    const kind = depth > 2 ? 0 : random(4);
    if (kind === 1) return Array.from({ length: random(3) }, () => value(depth + 1));
    if (kind >= 2)
      return Object.fromEntries(Array.from({ length: random(4) }, () => [pick(keys), value(depth + 1)]));
    return pick(values);
  };
  const pieces = [
    '/',
    '-',
    '@acme',
    '%2f',
    '..',
    '%00',
    '@',
    'tool',
    '-rev',
    'user',
    '?',
    '&',
    '%',
    '\u00e9',
    '//',
    'org.couchdb.user:',
  ];
  for (let i = 0; i < 1_500; i++) {
    const base = pick(routes);
    const url =
      random(3) === 0
        ? `${base.slice(0, random(base.length + 1)) || '/'}${pick(pieces)}${pick(pieces)}`
        : base;
    // The password is left alone: argon2 would make this slow, and it has tests of its own.
    const method = pick(methods);
    if (url.includes('logout') || (url.includes('couchdb') && method === 'PUT')) continue;
    const text = JSON.stringify(value(0)) ?? '';
    const body = random(5) === 0 ? text.slice(0, random(text.length + 1)) : text;
    const type = pick(['application/json', 'application/json', 'application/octet-stream', 'text/plain']);
    const headers = {
      'content-type': type,
      'content-digest': pick(['', 'sha-256=:x:', `sha-256=:${'A'.repeat(43)}=:`]),
    };
    const otp = pick([undefined, '123456', 'x']);
    const answer = await alice.send(method, encodeURI(url).replaceAll('%25', '%'), {
      headers,
      otp,
      ...(random(6) > 0 && { body }),
    });
    expect(answer.status < 500, `${method} ${url} ${body} → ${registry.log.at(-1)}`).toBe(true);
  }
  expect(registry.log).toEqual([]);
  expect((await alice.get('/-/whoami')).status).toBe(200);
});
