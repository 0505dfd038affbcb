import { expect, test } from 'vitest';
import { cargoPublish, details, indexLines } from './support/crates.ts';
import { createTestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';
import { upload } from './support/upload-crate.ts';

const path = 'to/ol/tool';
const index = `/cargo/index/${path}`;
const download = '/cargo/api/v1/crates/tool/1.0.0/download';
const asCargo = (token: string) => ({ headers: { authorization: token } });

async function withAlice(cargoAuthRequired = true) {
  const registry = await createTestRegistry({ settings: { cargoAuthRequired } });
  const [alice, app] = await registry.signUpWithFactor('alice');
  return { registry, alice, app };
}

function stageIdIn(answer: { body: { warnings: { other: string[] } } }): string {
  const [told = ''] = answer.body.warnings.other;
  const page =
    /^staged, not published: approve it at http:\/\/registry\.example\/-\/web\/staged\/([0-9a-f-]{36})$/;
  expect(told).toMatch(page);
  return page.exec(told)?.[1] ?? '';
}

test('a publish by token alone, where that takes a factor, is staged, and cargo is told where it is approved', async () => {
  const { registry, alice, app } = await withAlice(false);
  const answer = await cargoPublish(alice);
  expect(answer.status, answer.text).toBe(200);
  const id = stageIdIn(answer);
  expect(await indexLines(registry.anonymous, path)).toEqual([]);
  expect(await registry.auditEvents()).toContain('release:staged alice cargo:tool@1.0.0');

  expect((await alice.post(`/-/stage/${id}/approve`, {})).status).toBe(401);
  const approved = await alice.post(`/-/stage/${id}/approve`, {}, { otp: app.code() });
  expect(approved.status, approved.text).toBeLessThan(300);
  expect(await indexLines(registry.anonymous, path)).toMatchObject([{ vers: '1.0.0', yanked: false }]);
});

test('what a package requires counts as what an account chose', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
  expect((await cargoPublish(alice)).status).toBe(200);
  expect(await indexLines(registry.anonymous, path)).toHaveLength(1);
  const policy = "update packages set require_2fa = 1 where ecosystem = 'cargo'";
  registry.sql(policy);
  stageIdIn(await cargoPublish(alice, { version: '1.1.0' }));
  expect(await indexLines(registry.anonymous, path)).toHaveLength(1);
  expect((await upload(alice, { version: '1.2.0' }, '', app.code())).status).toBe(201);
});

test('the same bytes again are the same stage; other bytes are refused, and it says why', async () => {
  const { alice } = await withAlice();
  const first = stageIdIn(await cargoPublish(alice));
  expect(stageIdIn(await cargoPublish(alice))).toBe(first);
  const other = await cargoPublish(alice, { files: { 'src/lib.rs': '// other' } });
  expect([other.status, details(other)]).toEqual([
    409,
    'version 1.0.0 of tool is staged already, and waits for its approval or rejection',
  ]);
});

test('a staged version keeps its name and its precedence', async () => {
  const { registry, alice } = await withAlice();
  await cargoPublish(alice);
  for (const crate of [{ version: '1.0.0+b' }, { name: 'Tool', version: '2.0.0' }]) {
    expect((await cargoPublish(alice, crate)).status).toBeGreaterThanOrEqual(400);
  }
  expect(registry.sql('select * from releases')).toHaveLength(1);
  const both = await Promise.all(['3.0.0', '3.0.0+b'].map((version) => cargoPublish(alice, { version })));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test('on a registry with auth-required the token that uploaded sees its staged version, and nobody else does', async () => {
  const { registry, alice, app } = await withAlice();
  const bob = await registry.signUp('bob');
  expect((await upload(alice, { version: '0.1.0' }, '', app.code())).status).toBe(201);
  const published = await registry.anonymous.get(index, asCargo(alice.token));
  const id = stageIdIn(await cargoPublish(alice));

  const own = await registry.anonymous.get(index, asCargo(alice.token));
  expect(
    own.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).vers),
  ).toEqual(['0.1.0', '1.0.0']);
  expect(JSON.parse(own.text.trimEnd().split('\n')[1] ?? '')).not.toHaveProperty('pubtime');
  expect(own.headers['etag']).not.toBe(published.headers['etag']);
  expect(own.headers).toMatchObject({
    'cache-control': 'private, no-cache',
    vary: 'accept-encoding, authorization',
  });
  const cached = { authorization: alice.token, 'if-none-match': String(own.headers['etag']) };
  expect((await registry.anonymous.get(index, { headers: cached })).status).toBe(304);
  expect((await registry.anonymous.get(download, asCargo(alice.token))).status).toBe(200);

  // Another token of the same account, and another account.
  registry.clock.advance(60_000);
  const { body } = await registry.logIn('alice', { otp: app.code() });
  for (const token of [body.token, bob.token]) {
    const other = await registry.anonymous.get(index, asCargo(token));
    expect([other.text, other.headers['etag']]).toEqual([published.text, published.headers['etag']]);
    expect((await registry.anonymous.get(download, asCargo(token))).status).toBe(404);
  }

  registry.clock.advance(60_000);
  const rejected = await alice.delete(`/-/stage/${id}`, { otp: app.code() });
  expect(rejected.status, rejected.text).toBeLessThan(300);
  const after = await registry.anonymous.get(index, asCargo(alice.token));
  expect([after.text, after.headers['etag']]).toEqual([published.text, published.headers['etag']]);
  expect((await registry.anonymous.get(download, asCargo(alice.token))).status).toBe(404);
});

test('a crate that is only staged is there for its uploading token, and missing for everybody else', async () => {
  const { registry, alice } = await withAlice();
  const bob = await registry.signUp('bob');
  await cargoPublish(alice);
  expect(await indexLines(alice, path)).toHaveLength(1);
  for (const url of [index, download, '/cargo/api/v1/crates/tool/owners']) {
    expect([url, (await bob.get(url)).status]).toEqual([url, 404]);
  }
  expect((await bob.get('/cargo/api/v1/crates?q=tool')).body).toEqual({ crates: [], meta: { total: 0 } });
});

test('where everybody reads, nobody sees a staged version, and the index answers 404 and nothing else', async () => {
  const { registry, alice } = await withAlice(false);
  await cargoPublish(alice);
  for (const client of [registry.anonymous, alice]) {
    expect((await client.get(index, asCargo(client.token))).status).toBe(404);
    expect((await client.get(download, asCargo(client.token))).status).toBe(404);
  }
});

test('a token for staging only stages, also where publishing takes no factor, and reads what it uploaded', async () => {
  const registry = await createTestRegistry({ settings: { cargoAuthRequired: true } });
  const alice = await registry.signUp('alice');
  const ci = await limitedClient(alice, { scopes: ['stage'] });
  stageIdIn(await cargoPublish(ci));
  expect(await indexLines(ci, path)).toHaveLength(1);
  expect((await registry.anonymous.get(download, asCargo(ci.token))).status).toBe(200);
  expect((await ci.delete('/cargo/api/v1/crates/tool/1.0.0/yank')).status).toBe(403);
});

test('a staged version cannot be yanked: it is not there yet', async () => {
  const { registry, alice } = await withAlice();
  await cargoPublish(alice);
  const answer = await alice.delete('/cargo/api/v1/crates/tool/1.0.0/yank');
  expect([403, 404]).toContain(answer.status);
  expect(registry.sql('select yanked from releases')).toEqual([{ yanked: 0 }]);
});
