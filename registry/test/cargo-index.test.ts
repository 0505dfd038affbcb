import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { cargoPublish, crateArchive } from './support/crates.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';
import { upload } from './support/upload-crate.ts';

const config = '/cargo/index/config.json';
const tool = '/cargo/index/to/ol/tool';

test('config.json says where everything is, without slashes at the end', async () => {
  const { anonymous } = await createTestRegistry();
  const answer = await anonymous.get(config);
  expect([answer.status, answer.body]).toEqual([
    200,
    { dl: 'http://registry.example/cargo/api/v1/crates', api: 'http://registry.example/cargo' },
  ]);
});

test.each([
  ['a', '1/a'],
  ['Ab', '2/ab'],
  ['aBc', '3/a/abc'],
  ['abcd', 'ab/cd/abcd'],
  ['Foo_Lib', 'fo/o_/foo_lib'],
])('the crate %s is at %s, and nowhere else', async (name, path) => {
  const registry = await createTestRegistry();
  await cargoPublish(await registry.signUp('alice'), { name });
  const found = await registry.anonymous.get(`/cargo/index/${path}`);
  expect([found.status, found.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(JSON.parse(found.text).name).toBe(name);
  for (const other of [
    name,
    `1/${name}`,
    `xx/${path}`,
    `${path}/`,
    path.replaceAll('_', '-').toUpperCase(),
  ]) {
    const answer = await registry.anonymous.get(`/cargo/index/${other}`);
    expect([other, answer.status]).toEqual([other, other === path ? 200 : 404]);
  }
});

test('a crate with the other dash is not there: cargo looks for each spelling', async () => {
  const registry = await createTestRegistry();
  await cargoPublish(await registry.signUp('alice'), { name: 'foo_lib' });
  expect((await registry.anonymous.get('/cargo/index/fo/o_/foo_lib')).status).toBe(200);
  expect((await registry.anonymous.get('/cargo/index/fo/o-/foo-lib')).status).toBe(404);
});

test('lines are in the order of publishing, and only "yanked" ever changes', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  for (const version of ['1.0.0', '2.0.0', '1.0.1']) {
    await cargoPublish(alice, { version });
    registry.clock.advance(1_000);
  }
  const before = (await registry.anonymous.get(tool)).text;
  expect(before.endsWith('}\n')).toBe(true);
  const lines = before.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).vers)).toEqual(['1.0.0', '2.0.0', '1.0.1']);
  await alice.delete('/cargo/api/v1/crates/tool/2.0.0/yank');
  const after = (await registry.anonymous.get(tool)).text.trimEnd().split('\n');
  expect(after).toEqual([lines[0], lines[1]?.replace('"yanked":false', '"yanked":true'), lines[2]]);
});

test('a file that did not change is answered with 304, and one that did is not', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice);
  const { headers } = await registry.anonymous.get(tool);
  expect(headers).toMatchObject({
    'cache-control': 'public, no-cache',
    vary: 'accept-encoding, authorization',
  });
  const ask = () => registry.anonymous.get(tool, { headers: { 'if-none-match': String(headers['etag']) } });
  const same = await ask();
  expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', headers['etag']]);
  await cargoPublish(alice, { version: '1.0.1' });
  expect((await ask()).status).toBe(200);
});

test('what is not there is a short 404 in the envelope, for crates, versions and paths alike', async () => {
  const registry = await createTestRegistry();
  await cargoPublish(await registry.signUp('alice'));
  for (const path of [
    '/cargo/index/no/th/nothing',
    '/cargo/index/',
    '/cargo/index/to/ol/..%2f..%2fconfig.json',
    '/cargo/index/to/ol/tool%00',
    '/cargo/api/v1/crates/nothing/1.0.0/download',
    '/cargo/api/v1/crates/tool/9.9.9/download',
    '/cargo/api/v1/nothing',
  ]) {
    const answer = await registry.anonymous.get(path);
    expect([path, answer.status, answer.body?.errors?.length]).toEqual([path, 404, 1]);
    expect(answer.bytes.byteLength).toBeLessThan(200);
    expect(answer.headers['cache-control']).toBe('no-store');
  }
});

test('a crate comes as it was published, for ever, and by every spelling of its name', async () => {
  const registry = await createTestRegistry();
  await cargoPublish(await registry.signUp('alice'), { name: 'Foo-Lib' });
  for (const name of ['Foo-Lib', 'foo_lib']) {
    const answer = await registry.anonymous.get(`/cargo/api/v1/crates/${name}/1.0.0/download`);
    expect(answer.bytes.equals(crateArchive({ name: 'Foo-Lib' }))).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/gzip',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  }
});

test('no answer of success has a member "errors", which cargo would fail at', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await registry.signUp('bob');
  const crate = '/cargo/api/v1/crates/tool';
  for (const answer of [
    await cargoPublish(alice),
    await alice.delete(`${crate}/1.0.0/yank`),
    await alice.put(`${crate}/1.0.0/unyank`),
    await alice.put(`${crate}/owners`, { users: ['bob'] }),
    await alice.get(`${crate}/owners`),
    await alice.send('DELETE', `${crate}/owners`, { body: { users: ['bob'] } }),
    await alice.get('/cargo/api/v1/crates?q=tool'),
    await alice.get(config),
  ]) {
    expect([answer.status, Object.keys(answer.body)]).toEqual([200, expect.not.arrayContaining(['errors'])]);
  }
});

async function authRequired(): Promise<TestRegistry> {
  return await createTestRegistry({ settings: { cargoAuthRequired: true } });
}

test('with auth-required nobody reads without a token, and cargo is told where to get one', async () => {
  const registry = await authRequired();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice);
  const paths = [
    config,
    tool,
    '/cargo/index/no/th/nothing',
    '/cargo/api/v1/crates/tool/1.0.0/download',
    '/cargo/api/v1/crates?q=tool',
    '/cargo/api/v1/crates/tool/owners',
  ];
  for (const path of paths) {
    for (const headers of [{}, { authorization: 'pub_nonsense' }]) {
      const answer = await registry.anonymous.get(path, { headers });
      expect([path, answer.status, answer.headers['www-authenticate']]).toEqual([
        path,
        401,
        'Cargo login_url="http://registry.example/cargo/me"',
      ]);
      expect(answer.text).not.toContain('cksum');
    }
  }
  const asAlice = { headers: { authorization: alice.token } };
  expect((await registry.anonymous.get(config, asAlice)).body['auth-required']).toBe(true);
  const file = await registry.anonymous.get(tool, asAlice);
  expect(file.headers).toMatchObject({
    'cache-control': 'private, no-cache',
    vary: 'accept-encoding, authorization',
  });
  expect((await registry.anonymous.get('/cargo/api/v1/crates/tool/1.0.0/download', asAlice)).status).toBe(
    200,
  );
});

test('with auth-required nobody reads of a crate without a token on other routes either', async () => {
  const registry = await authRequired();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice);
  for (const name of ['tool', 'nothing']) {
    const path = `/-/pub/v1/packages/cargo/${name}/access`;
    for (const headers of [{}, { authorization: 'Bearer pub_nonsense' }]) {
      const { status, body } = await registry.anonymous.get(path, { headers });
      expect([path, status, body['code'], body['access']]).toEqual([path, 401, 'unauthenticated', undefined]);
    }
  }
  expect((await alice.get('/-/pub/v1/packages/cargo/tool/access')).body['access']).toBe('public');
});

test('/cargo/me leads a person to where tokens are made', async () => {
  const answer = await (await authRequired()).anonymous.get('/cargo/me');
  expect([answer.status, answer.headers['location']]).toEqual([302, '/-/web/security/tokens']);
});

test('a restricted crate is there for its people, and missing for everybody else', async () => {
  const registry = await authRequired();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  expect((await upload(alice, {}, '?access=restricted')).status).toBe(201);
  for (const path of [tool, '/cargo/api/v1/crates/tool/1.0.0/download', '/cargo/api/v1/crates/tool/owners']) {
    expect([path, (await alice.get(path)).status]).toEqual([path, 200]);
    expect([path, (await bob.get(path)).status]).toEqual([path, 404]);
  }
  expect((await alice.get(tool)).headers['cache-control']).toBe('private, no-cache');
});

test('headers that offer HTTP/2 on a plain connection do no harm', async () => {
  const registry = await createTestRegistry();
  await cargoPublish(await registry.signUp('alice'));
  await registry.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = registry.app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `GET ${tool} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n` +
      'HTTP2-Settings: AAMAAABkAAQAAQAAAAIAAAAA\r\ncargo-protocol: version=1\r\naccept: text/plain\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
});
