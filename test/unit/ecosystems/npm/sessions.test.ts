import { expect, test } from 'vitest';
import { createNpmRegistry } from '../../../../src/ecosystems/npm/registry.ts';
import { withTrace } from '../../../../src/http/trace.ts';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { Secret } from '../../../../src/secret.ts';
import { scriptedTransport } from '../../../support/scripted-transport.ts';
import { challenge, registryWith, token } from './registry-harness.ts';

const couch = 'PUT /npm/-/user/org.couchdb.user:alice';
const login = { username: 'alice', password: new Secret('pass word') };
const revokeByUrl = 'DELETE /npm/-/user/token/pub_token';
const logout = 'POST /npm/-/pub/v1/logout';

test('a login sends the password in a body that does not print, and gives the token', async () => {
  const { registry, sent } = registryWith([couch, { status: 201, body: { ok: true, token: 'pub_new' } }]);
  const received = await registry.logIn(login);
  expect(received.expose()).toBe('pub_new');
  expect(sent[0]).toMatchObject({ bodyIsSecret: true, token: undefined });
  const body = JSON.parse(String(sent[0]?.body)) as object;
  expect(body).toMatchObject({ name: 'alice', password: 'pass word', type: 'user' });
  expect(body).not.toHaveProperty('email');
});

test('a sign-up sends the address', async () => {
  const { registry, sent } = registryWith([couch, { status: 201, body: { token: 't' } }]);
  await registry.logIn({ ...login, email: 'a@example.org' });
  expect(JSON.parse(String(sent[0]?.body))).toMatchObject({ email: 'a@example.org' });
});

test('a login that is challenged throws the challenge, and repeats with the code', async () => {
  const { registry, sent } = registryWith([couch, challenge], [couch, { status: 201, body: { token: 't' } }]);
  await expect(registry.logIn(login)).rejects.toBeInstanceOf(SecondFactorRequired);
  await registry.logIn({ ...login, oneTimePassword: new Secret('123456') });
  expect(sent[1]?.oneTimePassword).toBe('123456');
});

test.each([400, 401])('a login refused with %i is a refused login', async (status) => {
  const { registry } = registryWith([couch, { status, body: { error: 'wrong pass word' } }]);
  await expect(registry.logIn(login)).rejects.toMatchObject({ code: 'E_LOGIN_REFUSED' });
});

test('a registry that takes a login for a sign-up is told once more who it is', async () => {
  const taken = { status: 409, body: { error: 'username is already registered' } };
  const { registry, sent } = registryWith([couch, taken], [couch, { status: 201, body: { token: 't' } }]);
  expect((await registry.logIn(login)).expose()).toBe('t');
  expect(sent.map((request) => request.basicCredential)).toEqual([undefined, 'alice:pass word']);
});

test('a conflict that stays is a refused login, and one of a sign-up is not asked about again', async () => {
  const taken = { status: 409, body: { error: 'username is already registered' } };
  const { registry } = registryWith([couch, taken], [couch, taken], [couch, taken]);
  const refused = { code: 'E_LOGIN_REFUSED' };
  await expect(registry.logIn(login)).rejects.toMatchObject(refused);
  await expect(registry.logIn({ ...login, email: 'a@example.org' })).rejects.toMatchObject(refused);
});

test.each([
  {},
  { token: 1 },
  { token: '' },
  { token: 'a b' },
  { token: 'a\r\nx: y' },
  { token: 'x'.repeat(9000) },
])('a login answered with %j gives no token', async (body) => {
  const { registry } = registryWith([couch, { status: 201, body }]);
  await expect(registry.logIn(login)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('a user name cannot leave its place in the URL', async () => {
  const { registry } = registryWith([
    'PUT /npm/-/user/org.couchdb.user:..%2F..%2Fa',
    { status: 404, body: {} },
  ]);
  await expect(registry.logIn({ ...login, username: '../../a' })).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  });
});

test('whoami gives the name', async () => {
  const { registry, sent } = registryWith(['GET /npm/-/whoami', { body: { username: 'alice' } }]);
  expect(await registry.whoAmI(token)).toBe('alice');
  expect(sent[0]?.token).toBe('pub_token');
});

test.each([
  [{ status: 401, body: { error: 'no' } }, 'E_NOT_LOGGED_IN'],
  [{ body: {} }, 'E_NOT_LOGGED_IN'],
  [{ body: { username: 1 } }, 'E_NOT_LOGGED_IN'],
  [{ body: { username: 'a\u001b[2Jb' } }, 'E_REGISTRY'],
  [{ body: { username: 'a\u202eb' } }, 'E_REGISTRY'],
  [{ body: '<html>' }, 'E_REGISTRY'],
])('whoami answered with %j is %s', async (answer, code) => {
  const { registry } = registryWith(['GET /npm/-/whoami', answer]);
  await expect(registry.whoAmI(token)).rejects.toMatchObject({ code });
});

test('a token is revoked without showing it in a URL', async () => {
  const { registry, sent } = registryWith([logout, { status: 204 }]);
  expect(await registry.revoke(token)).toBe(true);
  expect(sent[0]).toMatchObject({ token: 'pub_token', path: '/npm/-/pub/v1/logout' });
});

test('a registry that knows only npm’s way is asked in npm’s way, and not believed', async () => {
  const answers = [
    [logout, { status: 404 }],
    [revokeByUrl, { status: 200, body: {} }],
  ] as const;
  const dead = registryWith(...answers, ['GET /npm/-/whoami', { status: 401 }]);
  expect(await dead.registry.revoke(token)).toBe(true);
  const alive = registryWith(...answers, ['GET /npm/-/whoami', { body: { username: 'alice' } }]);
  expect(await alive.registry.revoke(token)).toBe(false);
});

test('not even npm’s way shows the token to somebody who traces requests', async () => {
  const lines: string[] = [];
  const scripted = scriptedTransport(
    [logout, { status: 404 }],
    [revokeByUrl, { status: 200 }],
    ['GET /npm/-/whoami', { status: 401 }],
  );
  const transport = withTrace(scripted, (line) => lines.push(line));
  const target = { name: undefined, url: 'https://registry.example/npm/', chosenBy: 'a test' };
  await createNpmRegistry({ target, transport, clientVersion: '1.2.3' }).revoke(token);
  expect(lines).toHaveLength(3);
  expect(lines.join()).not.toContain('pub_token');
});

test('a registry that cannot revoke says false', async () => {
  const { registry } = registryWith([logout, { status: 405 }], [revokeByUrl, { status: 404 }]);
  expect(await registry.revoke(token)).toBe(false);
});

test('a token that was dead before counts as revoked, if whoami says so too', async () => {
  const refused = { status: 401, body: { error: 'no', code: 'unauthenticated' } };
  const dead = registryWith([logout, refused], ['GET /npm/-/whoami', refused]);
  expect(await dead.registry.revoke(token)).toBe(true);
  const alive = registryWith([logout, refused], ['GET /npm/-/whoami', { body: { username: 'alice' } }]);
  expect(await alive.registry.revoke(token)).toBe(false);
});

test.each([200, 500])('a logout answered with %i is not taken for one that worked', async (status) => {
  const { registry } = registryWith([logout, { status, body: '<html>' }]);
  await expect(registry.revoke(token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});
