import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { generateToken, isWellFormedToken } from '../src/accounts/tokens.ts';
import { day, second } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, userPath } from './support/test-registry.ts';

test('a token has a prefix and a checksum that anybody can compute', () => {
  const token = generateToken();
  const [, body, checksum] = /^(pub_[0-9A-Za-z]{36})([0-9A-Za-z]{6})$/.exec(token) ?? [];
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const value = [...(checksum ?? '')].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
  expect(value).toBe(crc32(body ?? ''));
});

test('a token with one character changed is no token', () => {
  const token = generateToken();
  for (let i = 0; i < token.length; i++) {
    const other = token[i] === 'a' ? 'b' : 'a';
    expect(isWellFormedToken(token.slice(0, i) + other + token.slice(i + 1))).toBe(false);
  }
  for (const wrong of ['', 'pub_', `${token}0`, ` ${token}`, `${token}\n`, token.toUpperCase()])
    expect(isWellFormedToken(wrong)).toBe(false);
});

test('an expired token is refused, to the millisecond', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  registry.clock.advance(7 * day - 1);
  expect((await alice.get('/-/whoami')).status).toBe(200);
  registry.clock.advance(1);
  expect((await alice.get('/-/whoami')).code).toBe('unauthenticated');
});

test.each([
  'Basic YWxpY2U6eA==',
  'Bearer',
  'Bearer pub_short',
  'Token x',
  'Bearer a b',
  `Bearer ${'x'.repeat(5_000)}`,
])('the header "authorization: %s" is nobody', async (authorization) => {
  const registry = await createTestRegistry();
  const answer = await registry.anonymous.get('/-/whoami', { headers: { authorization } });
  expect([answer.status, answer.code]).toEqual([401, 'unauthenticated']);
  expect(answer.headers['www-authenticate']).toBe('Bearer');
});

test('a bad token is refused even where none is needed, so that nobody takes it for good', async () => {
  const registry = await createTestRegistry();
  const mallory = registry.anonymous.from({ token: generateToken() });
  expect((await mallory.get('/no-such-package')).code).toBe('unauthenticated');
});

test('a token is in the answer that makes it and in no other, and only its hash is on disk', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  for (const url of ['/-/whoami', '/-/npm/v1/user', userPath('alice')]) {
    expect((await alice.get(url)).text).not.toContain(alice.token);
  }
  expect((await registry.logIn('alice')).text).not.toContain(alice.token);
  const bytes = registry.bytesAtRest();
  expect(bytes).toContain('alice@example.org');
  expect(bytes).not.toContain(alice.token);
  expect(bytes).not.toContain(alice.token.slice(4));
  expect(bytes).not.toContain(goodPassword);
});

test('an answer with a token is kept by nobody', async () => {
  const registry = await createTestRegistry();
  await registry.signUp('alice');
  const answer = await registry.logIn('alice');
  expect(answer.body.token).toMatch(/^pub_/);
  expect(answer.headers['cache-control']).toBe('no-store');
});

for (const [form, logOut] of [
  ['pub', (token: string) => ['POST', '/-/pub/v1/logout', token] as const],
  ['npm', (token: string) => ['DELETE', `/-/user/token/${token}`, token] as const],
] as const) {
  test(`${form} logout ends this token at once, and only this one`, async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const second = alice.from({ token: (await registry.logIn('alice')).body.token });
    const [method, url] = logOut(alice.token);
    expect((await alice.send(method, url)).status).toBe(204);
    expect((await alice.get('/-/whoami')).status).toBe(401);
    expect((await alice.send(method, url)).status).toBe(401);
    expect((await second.get('/-/whoami')).status).toBe(200);
    expect((await registry.auditEvents()).filter((event) => event.startsWith('account:logout'))).toHaveLength(
      1,
    );
  });
}

test('a session may end another one of the same account, and none of anybody else', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const other = alice.from({ token: (await registry.logIn('alice')).body.token });
  const mallory = await registry.signUp('mallory');
  const refused = await mallory.delete(`/-/user/token/${alice.token}`);
  const unknown = await mallory.delete(`/-/user/token/${generateToken()}`);
  expect([refused.status, refused.text]).toEqual([404, unknown.text]);
  expect((await registry.anonymous.delete(`/-/user/token/${alice.token}`)).status).toBe(401);
  expect((await alice.get('/-/whoami')).status).toBe(200);
  expect((await alice.delete(`/-/user/token/${other.token}`)).status).toBe(204);
  expect((await other.get('/-/whoami')).status).toBe(401);
});

test('a token revoked in another process is dead in this one', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const there = alice.from({ app: (await registry.another()).app });
  expect((await there.post('/-/pub/v1/logout')).status).toBe(204);
  registry.clock.advance(second);
  expect((await alice.get('/-/whoami')).status).toBe(401);
});
