import { expect, test } from 'vitest';
import { cargoPublish, details, indexLines } from './support/crates.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';
import { upload } from './support/upload-crate.ts';

const crate = '/cargo/api/v1/crates/tool';
const owners = `${crate}/owners`;
const yanked = `${crate}/1.0.0/yank`;
const unyanked = `${crate}/1.0.0/unyank`;

async function withTool() {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice);
  return { registry, alice };
}

test('owners have numbers of 32 bits, logins, and no addresses', async () => {
  const { registry, alice } = await withTool();
  const answer = await registry.anonymous.get(owners);
  expect(answer.body).toEqual({ users: [{ id: expect.any(Number), login: 'alice', role: 'owner' }] });
  expect(answer.body.users[0].id).toBeLessThan(2 ** 32);
  expect(Number.isInteger(answer.body.users[0].id)).toBe(true);
  expect((await alice.get(owners)).body).toEqual(answer.body);
});

test('an owner who is added is invited, is told so, and is one after saying yes', async () => {
  const { registry, alice } = await withTool();
  const bob = await registry.signUp('bob');
  const added = await alice.put(owners, { users: ['bob', 'alice'] });
  expect([added.status, added.body]).toEqual([
    200,
    {
      ok: true,
      msg: 'bob has been invited to be an owner of tool, and is one after accepting at http://registry.example/-/web/invitations, alice is an owner of tool',
    },
  ]);
  expect((await alice.get(owners)).body.users).toHaveLength(1);
  const { invitations } = (await bob.get('/-/pub/v1/invitations')).body;
  await bob.post(`/-/pub/v1/invitations/${invitations[0].id}`, { answer: 'accept' });
  expect((await alice.get(owners)).body.users.map(({ login }: { login: string }) => login)).toEqual([
    'alice',
    'bob',
  ]);

  const removed = await alice.send('DELETE', owners, { body: { users: ['bob'] } });
  expect([removed.status, removed.body]).toEqual([
    200,
    { ok: true, msg: 'bob removed from the owners of tool' },
  ]);
  expect((await alice.get(owners)).body.users).toHaveLength(1);
  expect(await registry.auditEvents()).toEqual(
    expect.arrayContaining([
      'owner:invited alice cargo:tool',
      'owner:added bob cargo:tool',
      'owner:removed alice cargo:tool',
    ]),
  );
});

test('of several owners all are added or none, and the last one stays', async () => {
  const { registry, alice } = await withTool();
  await registry.signUp('bob');
  const refused = await alice.put(owners, { users: ['bob', 'nobody'] });
  expect([refused.status, refused.body.errors.length]).toEqual([404, 1]);
  expect(registry.sql('select * from invitations')).toEqual([]);
  expect((await alice.send('DELETE', owners, { body: { users: ['alice'] } })).status).toBe(409);
});

test.each([
  [{}],
  [{ users: [] }],
  [{ users: 'bob' }],
  [{ users: ['github:org:team'] }],
  [{ users: Array.from({ length: 11 }, (_, i) => `u${i}`) }],
])('the list %j is refused in the envelope', async (body) => {
  const { alice } = await withTool();
  for (const method of ['PUT', 'DELETE'] as const) {
    const answer = await alice.send(method, owners, { body });
    expect([answer.status, answer.body.errors.length]).toEqual([400, 1]);
  }
});

test('a version is yanked and put back, again and again, and both are logged once', async () => {
  const { registry, alice } = await withTool();
  for (let times = 0; times < 2; times++) {
    const answer = await alice.delete(yanked);
    expect([answer.status, answer.body]).toEqual([200, { ok: true }]);
  }
  expect((await indexLines(registry.anonymous, 'to/ol/tool'))[0].yanked).toBe(true);
  // As cargo 1.95 does: a content type, and no content. Then as 1.96: a body of unknown length and kind, and none.
  for (const headers of [
    { 'content-type': 'application/json', 'content-length': '0' },
    { 'transfer-encoding': 'chunked' },
  ] as readonly Record<string, string>[])
    expect((await alice.put(unyanked, null, { headers })).body).toEqual({ ok: true });
  expect((await indexLines(registry.anonymous, 'to/ol/tool'))[0].yanked).toBe(false);
  expect((await registry.auditEvents()).filter((event) => event.includes('yanked'))).toEqual([
    'package:yanked alice cargo:tool',
    'package:unyanked alice cargo:tool',
  ]);
});

test('a yanked crate is still downloaded: whoever depends on it goes on building', async () => {
  const { registry, alice } = await withTool();
  await alice.delete(yanked);
  expect((await registry.anonymous.get(`${crate}/1.0.0/download`)).status).toBe(200);
});

test('what is no version or no crate is missing, and what is somebody else’s is refused', async () => {
  const { registry, alice } = await withTool();
  const bob = await registry.signUp('bob');
  for (const path of [`${crate}/9.9.9/yank`, '/cargo/api/v1/crates/nothing/1.0.0/yank']) {
    const answer = await alice.delete(path);
    expect([answer.status, answer.body.errors.length]).toEqual([404, 1]);
  }
  expect((await bob.delete(yanked)).status).toBe(403);
  expect((await bob.put(owners, { users: ['bob'] })).status).toBe(403);
  expect((await registry.anonymous.delete(yanked)).status).toBe(401);
});

test('a crate is found by every spelling of its name, and changed under its own', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice, { name: 'Foo-Lib' });
  expect((await alice.delete('/cargo/api/v1/crates/foo_lib/1.0.0/yank')).status).toBe(200);
  expect(await registry.auditEvents()).toContain('package:yanked alice cargo:Foo-Lib');
});

test('an account with a factor is told what to use instead of cargo, and cargo changes nothing', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  await registry.signUp('bob');
  expect((await upload(alice, {}, '', app.code())).status).toBe(201);
  for (const [answer, command] of [
    [await alice.delete(yanked), 'pub yank tool@1.0.0'],
    [await alice.put(unyanked), 'pub yank --undo tool@1.0.0'],
    [await alice.put(owners, { users: ['bob'] }), 'pub owner add tool bob'],
    [await alice.send('DELETE', owners, { body: { users: ['bob'] } }), 'pub owner remove tool bob'],
  ] as const) {
    expect(answer.status).toBe(403);
    expect(details(answer)).toBe(
      `this takes a second factor, which cargo cannot send: use \`${command}\`, or \`pub setup cargo\` once and repeat it`,
    );
  }
  expect((await indexLines(registry.anonymous, 'to/ol/tool'))[0].yanked).toBe(false);
});

test('a program that knows the question is asked it, and its code is good once', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  await upload(alice, {}, '', app.code());
  const asked = await alice.delete(yanked, { headers: { 'npm-auth-type': 'web' } });
  expect([asked.status, asked.body.code, asked.headers['www-authenticate']]).toEqual([
    401,
    'otp_required',
    'otp',
  ]);
  expect(asked.body).toMatchObject({ authUrl: expect.any(String), doneUrl: expect.any(String) });
  registry.clock.advance(60_000);
  const otp = app.code();
  expect((await alice.delete(yanked, { otp })).status).toBe(200);
  expect((await alice.put(unyanked, null, { otp })).body.code).toBe('otp_refused');
});

test('a token that names packages is for those of one ecosystem: a crate is named with "cargo:" before it', async () => {
  const { registry, alice } = await withTool();
  const scopes = ['publish', 'yank', 'owners', 'read'];
  const ofPackage = await limitedClient(alice, { scopes, packages: ['tool'] });
  for (const answer of [
    await cargoPublish(ofPackage, { version: '1.0.1' }),
    await upload(ofPackage, { version: '1.0.1' }),
    await ofPackage.delete(yanked),
    await ofPackage.put(owners, { users: ['alice'] }),
  ]) {
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('this token is not for the package cargo:tool');
  }
  const ofCrate = await limitedClient(alice, { scopes, packages: ['cargo:tool'] });
  expect((await publish(ofCrate, { name: 'tool' })).body.code).toBe('token_limited');
  expect((await cargoPublish(ofCrate, { version: '1.0.1' })).status).toBe(200);
  expect((await upload(ofCrate, { version: '1.0.2' })).status).toBe(201);
  expect((await ofCrate.delete(yanked)).status).toBe(200);
  expect((await cargoPublish(ofCrate, { name: 'other' })).status).toBe(403);
  expect(await indexLines(registry.anonymous, 'to/ol/tool')).toHaveLength(3);
});

test("npm's list of what an account has shows no crates", async () => {
  const { alice } = await withTool();
  await publish(alice, { name: 'package' });
  expect((await alice.get('/-/user/alice/package')).body).toEqual({ package: 'write' });
});

test('an owner requires a factor of a crate, and takes that back with one', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
  await cargoPublish(alice);
  const access = '/-/pub/v1/packages/cargo/tool/access';
  const required = { publish_requires_tfa: true };
  expect((await alice.post(access, required)).body.code).toBe('otp_required');
  const changed = await alice.post(access, required, { otp: app.code() });
  expect([changed.status, changed.body]).toEqual([200, { access: 'public', publish_requires_tfa: true }]);
  expect((await alice.get(access)).body).toEqual(changed.body);
  expect((await cargoPublish(alice, { version: '1.0.1' })).body.warnings.other[0]).toMatch(/^staged/);
  expect((await alice.delete(yanked)).status).toBe(403);
  expect((await alice.post(access, { publish_requires_tfa: false })).body.code).toBe('otp_required');
});
