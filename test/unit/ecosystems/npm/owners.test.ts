import { expect, test } from 'vitest';
import { proofs, registryWith, token } from './registry-harness.ts';

const read = 'GET /npm/@acme%2ftool';
const readRoles = 'GET /npm/-/package/@acme%2ftool/owners';
/** What a registry answers that knows no roles. */
const none = { status: 404, body: { error: 'not found' } };
const readToWrite = 'GET /npm/@acme%2ftool?write=true';
const write = 'PUT /npm/@acme%2ftool/-rev/3-abc';
const bob = 'GET /npm/-/user/org.couchdb.user:bob';
const alice = { name: 'alice', email: 'alice@example.org' };
const bobAsOwner = { user: 'bob', role: 'owner' } as const;
const packument = { _id: '@acme/tool', _rev: '3-abc', name: '@acme/tool', maintainers: [alice] };

test('owners are the maintainers of the packument, in either form', async () => {
  const body = { ...packument, maintainers: [alice, 'bob <bob@example.org>', 'carol'] };
  const { registry, sent } = registryWith([readRoles, none], [read, { body }]);
  expect(await registry.owners('@acme/tool', undefined)).toEqual([
    alice,
    { name: 'bob', email: 'bob@example.org' },
    { name: 'carol', email: undefined },
  ]);
  expect(sent[0]?.token).toBeUndefined();
});

test.each([
  ['no list', { ...packument, maintainers: undefined }],
  ['a list of numbers', { ...packument, maintainers: [1] }],
  ['a name with control characters', { ...packument, maintainers: [{ name: 'a\u001b[31m' }] }],
  ['another package', { ...packument, name: '@acme/other' }],
])('a packument with %s is not believed', async (_, body) => {
  const { registry } = registryWith([readRoles, none], [read, { body }]);
  await expect(registry.owners('@acme/tool', token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('owners have their roles where the registry tells them', async () => {
  const body = {
    owners: [
      { ...alice, role: 'owner' },
      { name: 'bob', email: '', role: 'maintainer', organisation: 'acme' },
    ],
    invitations: [],
  };
  const { registry } = registryWith([readRoles, { body }]);
  expect(await registry.owners('@acme/tool', token)).toEqual([
    { ...alice, role: 'owner', organisation: undefined },
    { name: 'bob', email: undefined, role: 'maintainer', organisation: 'acme' },
  ]);
});

test.each([
  {},
  { owners: [{ name: 'alice' }] },
  { owners: [{ name: 'alice', role: 'king' }] },
  { owners: [{ name: 'a\u001b[2J', role: 'owner' }] },
  { owners: ['alice'] },
])('the roles in %j are not believed', async (body) => {
  const { registry } = registryWith([readRoles, { body }]);
  await expect(registry.owners('@acme/tool', token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('a maintainer is added by a request of its own, and the answer says that they are invited', async () => {
  const put = 'PUT /npm/-/package/@acme%2ftool/owners';
  const { registry, sent } = registryWith([put, { body: { ok: true, invited: true } }]);
  expect(await registry.addOwner(proofs, '@acme/tool', { user: 'bob', role: 'maintainer' })).toBe('invited');
  expect(JSON.parse(String(sent[0]?.body))).toEqual({ user: 'bob', role: 'maintainer' });
});

test.each([
  ['added', {}],
  ['invited', { invited: ['bob'] }],
  ['added', { invited: ['carol'] }],
] as const)(
  'an owner is %s by the list with its revision where the answer is %j; the code goes to that request only',
  async (outcome, answer) => {
    const { registry, sent } = registryWith(
      [bob, { body: { name: 'bob', email: 'bob@example.org' } }],
      [readToWrite, { body: packument }],
      [write, { status: 201, body: { ok: true, ...answer } }],
    );
    expect(await registry.addOwner(proofs, '@acme/tool', bobAsOwner)).toBe(outcome);
    expect(sent.map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, undefined, '123456']);
    expect(JSON.parse(String(sent[2]?.body))).toEqual({
      _id: '@acme/tool',
      _rev: '3-abc',
      maintainers: [alice, { name: 'bob', email: 'bob@example.org' }],
    });
  },
);

test('adding an owner who is one already changes nothing', async () => {
  const body = { ...packument, maintainers: [alice, { name: 'bob' }] };
  const { registry } = registryWith([bob, { body: { name: 'bob' } }], [readToWrite, { body }]);
  await registry.addOwner(proofs, '@acme/tool', bobAsOwner);
});

test('adding a user the registry does not know is an error', async () => {
  const { registry } = registryWith([bob, { status: 404, body: { error: 'not found' } }]);
  await expect(registry.addOwner(proofs, '@acme/tool', bobAsOwner)).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  });
});

test('an answer about another user adds nobody', async () => {
  const { registry } = registryWith([bob, { body: { name: 'mallory' } }]);
  await expect(registry.addOwner(proofs, '@acme/tool', bobAsOwner)).rejects.toMatchObject({
    code: 'E_REGISTRY',
  });
});

test('removing an owner writes the others', async () => {
  const body = { ...packument, maintainers: [alice, { name: 'bob' }] };
  const { registry, sent } = registryWith([readToWrite, { body }], [write, { body: { ok: true } }]);
  await registry.removeOwner(proofs, '@acme/tool', 'bob');
  expect(JSON.parse(String(sent[1]?.body))).toMatchObject({ maintainers: [alice] });
});

const removeBob = 'DELETE /npm/-/package/@acme%2ftool/owners/bob';

test('somebody who is only invited is removed by name, for they are in no list', async () => {
  const { registry, sent } = registryWith([readToWrite, { body: packument }], [removeBob, { body: {} }]);
  await registry.removeOwner(proofs, '@acme/tool', 'bob');
  expect(sent[1]?.oneTimePassword).toBe('123456');
});

test('the last owner stays, and a stranger cannot be removed', async () => {
  const last = registryWith([readToWrite, { body: packument }]);
  await expect(last.registry.removeOwner(proofs, '@acme/tool', 'alice')).rejects.toMatchObject({
    code: 'E_REFUSED',
  });
  const stranger = registryWith([readToWrite, { body: packument }], [removeBob, none]);
  const removing = stranger.registry.removeOwner(proofs, '@acme/tool', 'bob');
  await expect(removing).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
});

test.each([undefined, '', '../x', 'a b'])('a revision of %j is not put into a URL', async (revision) => {
  const { registry } = registryWith([readToWrite, { body: { ...packument, _rev: revision } }]);
  const removing = registry.removeOwner(proofs, '@acme/tool', 'alice');
  await expect(removing).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test.each(['..', '.', '@acme/..', ''])('a package named %j is never asked for', async (name) => {
  const { registry } = registryWith();
  await expect(registry.owners(name, token)).rejects.toMatchObject({ code: 'E_USAGE' });
});
