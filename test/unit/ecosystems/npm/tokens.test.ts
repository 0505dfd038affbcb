import { expect, test } from 'vitest';
import type { TokenSettings } from '../../../../src/ecosystems/tokens.ts';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { Secret } from '../../../../src/secret.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';

const list = 'GET /npm/-/npm/v1/tokens';
const own = 'POST /npm/-/pub/v1/tokens';
const npms = 'POST /npm/-/npm/v1/tokens';
const password = new Secret('pass word');
const missing = { status: 404, body: { error: 'not found' } };
const made = { status: 201, body: { token: 'pub_made', key: '0123456789', name: 'ci' } };

const settings: TokenSettings = {
  name: 'ci',
  description: undefined,
  scopes: ['publish'],
  packages: [],
  networks: [],
  days: undefined,
};

test('a list is read page by page, at this registry', async () => {
  const first = { objects: [{ key: 'aaaaaa', name: 'a' }], urls: { next: '/-/npm/v1/tokens?page=1' } };
  const second = {
    objects: [{ key: 'bbbbbb', permissions: ['read'] }],
    urls: { next: 'https://registry.example/npm/-/npm/v1/tokens?page=2' },
  };
  const { registry } = registryWith(
    [list, { body: first }],
    [`${list}?page=1`, { body: second }],
    [`${list}?page=2`, { body: { objects: [], urls: {} } }],
  );
  expect((await registry.tokens(token)).map(({ key, scopes }) => [key, scopes])).toEqual([
    ['aaaaaa', undefined],
    ['bbbbbb', ['read']],
  ]);
});

test.each(['https://evil.example/tokens', 'https://registry.example/other/tokens', '../../x'])(
  'a next page at %s is not asked for: the token would go along',
  async (next) => {
    const { registry, sent } = registryWith([list, { body: { objects: [], urls: { next } } }]);
    await expect(registry.tokens(token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
    expect(sent).toHaveLength(1);
  },
);

test('what a list says stays on its line, whatever a registry calls a token', async () => {
  const objects = [{ key: 'aaaaaa', name: 'a\u001b[2Jb\nfake  line', permissions: [{ name: 'package' }] }];
  const { registry } = registryWith([list, { body: { objects, urls: {} } }]);
  expect((await registry.tokens(token))[0]).toMatchObject({ name: 'a [2Jb fake line', scopes: undefined });
});

test.each([
  { objects: {} },
  { objects: [{ name: 'x' }] },
  { objects: [{ key: '../x' }] },
  { objects: ['x'] },
])('the list %j is refused', async (body) => {
  const { registry } = registryWith([list, { body }]);
  await expect(registry.tokens(token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('a token is asked for with its limits, and the password in a body that does not print', async () => {
  const { registry, sent } = registryWith([own, made]);
  const asked = { ...settings, packages: ['@acme/*'], networks: ['192.0.2.0/24'], days: 30 };
  const { token: text, listed } = await registry.createToken(proofs, password, asked);
  expect([text.expose(), listed.key]).toEqual(['pub_made', '0123456789']);
  expect(sent[0]?.bodyIsSecret).toBe(true);
  expect(JSON.parse(String(sent[0]?.body))).toEqual({
    name: 'ci',
    password: 'pass word',
    scopes: ['publish'],
    packages: ['@acme/*'],
    networks: ['192.0.2.0/24'],
    days: 30,
  });
});

test('a registry that asks for a code is answered with a challenge', async () => {
  const { registry } = registryWith([own, challenge]);
  await expect(registry.createToken({ token }, password, settings)).rejects.toBeInstanceOf(
    SecondFactorRequired,
  );
});

test.each([
  [['read'], 'read-only'],
  [['stage', 'read'], 'read-write-stage-only'],
  [['read', 'stage', 'publish', 'yank'], 'read-write'],
] as const)('elsewhere %j is npm’s %s', async (scopes, permission) => {
  const { registry, sent } = registryWith([own, missing], [npms, made]);
  await registry.createToken(proofs, password, {
    ...settings,
    scopes,
    packages: ['@acme/*', 'tool'],
    days: 9,
  });
  expect(JSON.parse(String(sent[1]?.body))).toEqual({
    name: 'ci',
    password: 'pass word',
    packages: ['tool'],
    scopes: ['@acme'],
    packages_and_scopes_permission: permission,
    expires: 9,
  });
});

test.each([[['publish']], [['owners']], [['read', 'publish']]] as const)(
  'elsewhere %j is refused: npm’s nearest permission could do more',
  async (scopes) => {
    const { registry } = registryWith([own, missing]);
    await expect(registry.createToken(proofs, password, { ...settings, scopes })).rejects.toMatchObject({
      code: 'E_REFUSED',
    });
  },
);

test('an answer without a usable token is refused', async () => {
  const { registry } = registryWith([own, { body: { key: '0123456789', token: 'a b' } }]);
  await expect(registry.createToken(proofs, password, settings)).rejects.toMatchObject({
    code: 'E_REGISTRY',
  });
});

test('a token is revoked by its key', async () => {
  const { registry } = registryWith(['DELETE /npm/-/npm/v1/tokens/token/0123456789', { status: 204 }]);
  await registry.revokeToken(proofs, '0123456789');
});
