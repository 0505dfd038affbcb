import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Authenticator } from './support/authenticator.ts';
import { browserAt } from './support/browser-client.ts';
import type { Client } from './support/client.ts';
import { mailsOf, makeOwner } from './support/people.ts';
import { archiveOf, publish } from './support/publishing.ts';
import { approveStaged, rejectStaged, sha256Of, stage, staged } from './support/staging.ts';
import { address, createTestRegistry, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

const tool = '/@acme%2ftool';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const nobody = '00000000-0000-4000-8000-000000000000';

async function withAlice(): Promise<[TestRegistry, Client, Authenticator]> {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  return [registry, alice, app];
}

const stateOf = (registry: TestRegistry) =>
  registry
    .sql('select version, state, factor from releases order by id')
    .map((row) => Object.values(row).join(' '));

describe.each(['npm', 'pub'] as const)('a release handed in over the protocol of %s', (via) => {
  test('takes no code, is public for nobody, and becomes public when it is approved with one', async () => {
    const [registry, alice, app] = await withAlice();
    await publish(alice, {}, { otp: app.code() });
    const before = (await alice.get(tool)).text;
    const release = { version: '1.1.0', files: { 'index.js': 'export {}' } };
    const answer = await stage(alice, release, { via, tag: 'next' });
    const id = answer.body.stageId ?? answer.body.stage_id;
    expect(id).toMatch(uuid);
    const sha256 = sha256Of(archiveOf(release));
    const page = `${address}/-/web/staged/${id}`;
    if (via === 'npm')
      expect([answer.status, answer.body.message]).toEqual([201, expect.stringContaining(page)]);
    else {
      expect(answer.status).toBe(202);
      const told = { name: '@acme/tool', version: '1.1.0', state: 'staged', sha256 };
      expect(answer.body).toEqual({ ...told, stage_id: id, page_url: page });
    }
    expect((await alice.get(tool)).text).toBe(before);
    expect((await alice.get(`${tool}/-/tool-1.1.0.tgz`)).status).toBe(404);
    expect(mailsOf(registry, 'staged')).toEqual(['alice@example.org']);

    expect((await approveStaged(alice, id)).code).toBe('otp_required');
    expect((await approveStaged(alice, id, app.wrongCode())).code).toBe('otp_refused');
    const approved = await approveStaged(alice, id, app.nextCode());
    expect([approved.status, approved.body.message]).toEqual([201, '@acme/tool@1.1.0 is published']);
    const { body } = await alice.get(tool);
    expect(body['dist-tags']).toEqual({ latest: '1.0.0', next: '1.1.0' });
    expect((await alice.get(`${tool}/-/tool-1.1.0.tgz`)).bytes).toEqual(archiveOf(release));
    expect(stateOf(registry)).toEqual(['1.0.0 published totp', '1.1.0 published totp']);
    expect(mailsOf(registry, 'published')).toHaveLength(2);
    expect((await registry.auditEvents()).slice(-4)).toEqual([
      'release:decision-refused alice npm:@acme/tool@1.1.0 otp_required',
      'factor:code-refused alice alice otp_refused',
      'release:decision-refused alice npm:@acme/tool@1.1.0 otp_refused',
      'release:published alice npm:@acme/tool@1.1.0',
    ]);
    const [{ details }] = registry.sql("select details from audit_events where tag = 'release:staged'");
    expect(JSON.parse(details)).toMatchObject({ sha256, tag: 'next', stage: id, program: 'ci/1.0' });
  });

  test('can be handed in again by the same account with the same bytes, and by nobody else', async () => {
    const [registry, alice, app] = await withAlice();
    const [bob] = await registry.signUpWithFactor('bob');
    const id = await staged(alice, {}, { via });
    const events = (await registry.auditEvents()).length;
    expect(await staged(alice, {}, { via })).toBe(id);
    expect((await registry.auditEvents()).length).toBe(events);
    const other = { files: { 'index.js': 'other bytes' } };
    expect((await stage(alice, other, { via })).code).toBe('version_exists');
    expect((await publish(alice, other, { otp: app.code(), via })).code).toBe('version_exists');
    expect((await publish(alice, {}, { otp: app.code(), via })).code).toBe('version_exists');
    expect((await stage(bob, {}, { via })).code).toBe('not_owner');
    await approveStaged(alice, id, app.nextCode());
    const again = await stage(alice, {}, { via });
    expect([again.body.stageId ?? again.body.stage_id, again.body.state]).toEqual([
      id,
      via === 'pub' ? 'published' : undefined,
    ]);
    expect(stateOf(registry)).toEqual(['1.0.0 published totp']);
  });

  test('whose staging fails at any step leaves nothing behind, and can be handed in again', async () => {
    const [registry, alice] = await withAlice();
    const { blobs } = registry.services;
    const keep = blobs.keep.bind(blobs);
    const rowsWhenKept: number[] = [];
    const fail = { before: true, after: true };
    blobs.keep = async (received) => {
      if (fail.before) throw new Error('the disk is full');
      await keep(received);
      rowsWhenKept.push(registry.sql('select id from releases').length);
      if (fail.after) throw new Error('the power went');
    };
    expect((await stage(alice, {}, { via })).status).toBe(500);
    fail.before = false;
    expect((await stage(alice, {}, { via })).status).toBe(500);
    fail.after = false;
    registry.sql("create trigger full before insert on releases begin select raise(abort, 'full'); end");
    expect((await stage(alice, {}, { via })).status).toBe(500);
    for (const table of ['packages', 'releases', 'owners', 'scopes'])
      expect(registry.sql(`select * from ${table}`)).toEqual([]);
    expect(mailsOf(registry, 'staged')).toEqual([]);
    registry.sql('drop trigger full');
    const id = await staged(alice, {}, { via });
    expect((await alice.get(`/-/stage/${id}/tarball`)).bytes).toEqual(archiveOf());
    // Each time the archive was kept, no row named it yet.
    expect(rowsWhenKept).toEqual([0, 0, 0]);
  });

  test('and rejected is public never, and its version is used by nobody again', async () => {
    const [registry, alice, app] = await withAlice();
    const id = await staged(alice, {}, { via });
    expect((await rejectStaged(alice, id)).code).toBe('otp_required');
    expect((await rejectStaged(alice, id, app.nextCode())).status).toBe(204);
    expect((await registry.auditEvents()).at(-1)).toBe('release:rejected alice npm:@acme/tool@1.0.0');
    expect((await stage(alice, {}, { via })).body.message).toContain('rejected');
    expect((await publish(alice, {}, { otp: app.nextCode(), via })).code).toBe('version_exists');
    expect((await approveStaged(alice, id, app.nextCode())).code).toBe('conflict');
    expect((await rejectStaged(alice, id, app.nextCode())).code).toBe('conflict');
    expect(stateOf(registry)).toEqual(['1.0.0 rejected ']);
    expect((await alice.get(tool)).status).toBe(404);
  });

  test('is refused like one that is published: hostile bytes, another name inside, a held account', async () => {
    const [registry, alice] = await withAlice();
    const bad = await stage(alice, {}, { via, archive: Buffer.from('no archive') });
    expect(bad.code).toBe('bad_archive');
    const other = await stage(alice, {}, { via, archive: archiveOf({ name: '@acme/other' }) });
    expect(other.code).toBe(via === 'pub' ? 'manifest_mismatch' : 'manifest_mismatch');
    registry.sql(`update accounts set hold_until = ${registry.clock.now + 1_000}`);
    expect((await stage(alice, {}, { via })).code).toBe('account_held');
    expect(registry.sql('select * from packages')).toEqual([]);
    expect(readdirSync(`${registry.data}/blobs/sha256`)).toEqual([]);
    expect(registry.sql('select * from blobs')).toEqual([]);
  });
});

describe('a package that has only staged releases', () => {
  test('is there for its people, and for nobody else', async () => {
    const [registry, alice, app] = await withAlice();
    const bob = await registry.signUp('bob');
    const id = await staged(alice, { manifest: { description: 'a new tool' } });
    const paths = [
      tool,
      `${tool}/-/tool-1.0.0.tgz`,
      '/-/package/@acme%2ftool/dist-tags',
      '/-/package/@acme%2ftool/owners',
      '/-/package/@acme%2ftool/visibility',
      '/-/package/@acme%2ftool/collaborators',
      `/-/stage/${id}`,
      `/-/stage/${id}/tarball`,
      '/-/web/package/@acme/tool',
    ];
    for (const client of [bob, registry.anonymous]) {
      for (const path of paths) {
        const answer = await client.get(path);
        const expected = client === bob || !path.startsWith('/-/stage') ? 404 : 401;
        expect([client.name, path, answer.status]).toEqual([client.name, path, expected]);
        expect(answer.text).not.toMatch(/1\.0\.0|a new tool|[0-9a-f]{64}/);
      }
      expect((await client.get('/-/web/search?q=tool')).text).not.toContain('@acme/tool');
      expect((await client.get('/')).text).not.toContain('@acme/tool');
    }
    expect((await bob.get('/-/user/alice/package')).body).toEqual({});
    expect((await bob.get('/-/stage')).body).toMatchObject({ items: [], total: 0 });
    const transfer = await bob.post('/-/package/@acme%2ftool/transfer', { to: 'bob' });
    expect(transfer.status).toBe(404);
    for (const decide of [approveStaged, rejectStaged])
      expect((await decide(bob, id, '123456')).status).toBe(404);

    expect((await alice.get(tool)).status).toBe(404);
    expect((await alice.get('/-/package/@acme%2ftool/owners')).body.owners).toHaveLength(1);
    expect((await alice.get('/-/user/alice/package')).body).toEqual({ '@acme/tool': 'write' });

    expect((await approveStaged(alice, id, app.nextCode())).status).toBe(201);
    expect((await registry.anonymous.get(tool)).body['dist-tags']).toEqual({ latest: '1.0.0' });
  });

  test("keeps being nobody's business when its owners change", async () => {
    const [registry, alice, app] = await withAlice();
    const bob = await registry.signUp('bob');
    const id = await staged(alice);
    await makeOwner(alice, bob, { role: 'maintainer', otp: app.nextCode() });
    for (const client of [registry.anonymous, bob, alice]) expect((await client.get(tool)).status).toBe(404);
    expect((await bob.get(`/-/stage/${id}`)).status).toBe(200);
  });

  test('is what its first public release makes of it: that one is latest, whatever its tag', async () => {
    const [registry, alice, app] = await withAlice();
    const first = await staged(alice, { version: '1.0.0' });
    expect((await publish(alice, { version: '2.0.0-a' }, { otp: app.nextCode(), tag: 'next' })).status).toBe(
      201,
    );
    expect((await registry.anonymous.get(tool)).body['dist-tags']).toEqual({
      latest: '2.0.0-a',
      next: '2.0.0-a',
    });
    await approveStaged(alice, first, app.nextCode());
    const { body } = await registry.anonymous.get(tool);
    expect(body['dist-tags']).toEqual({ latest: '1.0.0', next: '2.0.0-a' });
  });
});

describe('what waits', () => {
  test('is listed page by page for the people of its package, as npm reads it', async () => {
    const [registry, alice, app] = await withAlice();
    const bob = await registry.signUp('bob');
    await staged(alice, { version: '1.0.0' });
    await staged(alice, { version: '1.1.0' });
    const id = await staged(alice, { name: '@acme/other' }, { tag: 'next' });
    const all = (await alice.get('/-/stage?page=0&perPage=100')).body;
    expect([all.total, all.page, all.perPage]).toEqual([3, 0, 100]);
    const archive = archiveOf({ name: '@acme/other' });
    expect(all.items[0]).toEqual({
      id,
      ecosystem: 'npm',
      packageName: '@acme/other',
      version: '1.0.0',
      tag: 'next',
      status: 'staged',
      createdAt: new Date(registry.clock.now).toISOString(),
      actor: 'alice',
      actorType: 'user',
      access: 'public',
      shasum: expect.stringMatching(/^[0-9a-f]{40}$/),
      sha256: sha256Of(archive),
      size: archive.byteLength,
      program: 'ci/1.0',
    });
    const second = (await alice.get('/-/stage?page=1&perPage=2')).body;
    expect([second.items.length, second.total]).toEqual([1, 3]);
    const one = (await alice.get('/-/stage?package=@acme%2fother')).body;
    expect(one.items.map(({ packageName }: { packageName: string }) => packageName)).toEqual(['@acme/other']);
    expect((await alice.get('/-/stage?ecosystem=gem')).code).toBe('bad_request');
    expect((await alice.get('/-/stage?package=..')).code).toBe('bad_request');
    expect((await alice.get(`/-/stage/${id}`)).body).toEqual(all.items[0]);
    const tarball = await alice.get(`/-/stage/${id}/tarball`);
    expect([tarball.bytes, tarball.headers['cache-control']]).toEqual([archive, 'no-store']);
    expect((await alice.get(`/-/stage/${nobody}`)).status).toBe(404);
    expect((await bob.get('/-/stage')).body.items).toEqual([]);
    await approveStaged(alice, id, app.nextCode());
    expect((await alice.get('/-/stage')).body.total).toBe(2);
    expect((await alice.get(`/-/stage/${id}`)).body).toMatchObject({
      status: 'published',
      decidedBy: 'alice',
    });
  });

  test('is a hundred releases of one package at most', async () => {
    const [registry, alice] = await withAlice();
    await staged(alice);
    const columns = 'package_id, state, sha256, size, publisher_id, entry, short_entry, published_at';
    for (let i = 1; i < 100; i += 1)
      registry.sql(
        `insert into releases (version, stage_id, ${columns}) select '0.0.${i}', 's${i}', ${columns} from releases limit 1`,
      );
    const kept = () => [
      ...readdirSync(`${registry.data}/blobs`, { recursive: true }).sort(),
      ...registry.sql('select sha256 from blobs'),
    ];
    const before = kept();
    for (const via of ['npm', 'pub'] as const)
      expect((await stage(alice, { version: '2.0.0' }, { via })).code).toBe('conflict');
    expect(kept()).toEqual(before);
    expect(registry.sql("select * from releases where version = '2.0.0'")).toEqual([]);
  });
});

describe('who decides', () => {
  test('an account without a second factor approves nothing, even where nothing requires one', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const id = await staged(alice);
    expect((await approveStaged(alice, id)).code).toBe('factor_not_enrolled');
    expect((await approveStaged(alice, id, '123456')).code).toBe('factor_not_enrolled');
    expect((await rejectStaged(alice, id)).status).toBe(204);
  });

  test('an account that is asked for codes at logins only is asked for one here', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const id = await staged(alice);
    expect((await approveStaged(alice, id)).code).toBe('otp_required');
    expect((await approveStaged(alice, id, app.code())).status).toBe(201);
  });

  test('a maintainer decides, and whoever was removed does not, nor do recovery codes', async () => {
    const [registry, alice, app] = await withAlice();
    const [bob, bobs] = await registry.signUpWithFactor('bob');
    await publish(alice, {}, { otp: app.code() });
    await makeOwner(alice, bob, { role: 'maintainer', otp: app.nextCode(), acceptWith: bobs.code() });
    const one = await staged(alice, { version: '1.0.1' });
    const two = await staged(bob, { version: '1.0.2' });
    expect((await approveStaged(bob, one, bobs.recoveryCodes[0])).code).toBe('otp_refused');
    expect((await approveStaged(bob, one, bobs.nextCode())).status).toBe(201);
    await alice.delete('/-/package/@acme%2ftool/owners/bob', { otp: app.nextCode() });
    expect((await approveStaged(bob, two, bobs.nextCode())).status).toBe(404);
    expect((await approveStaged(alice, two, app.nextCode())).status).toBe(201);
  });

  test('a proof from a browser is good for the release its page showed, and for no other', async () => {
    const [registry, alice, app] = await withAlice();
    const one = await staged(alice, { version: '1.0.0' });
    const two = await staged(alice, { version: '1.1.0' });
    const headers = { 'npm-auth-type': 'web' };
    const asked = await alice.post(`/-/stage/${one}/approve`, null, { headers });
    expect(asked.code).toBe('otp_required');
    const browser = browserAt(registry.app);
    const login = await browser.open('/-/web/log-in');
    const next = await browser.submit(login, { name: 'alice', password: alice.password });
    await browser.submit(next, { code: app.nextCode() });
    const page = await browser.open(asked.body.authUrl.replace(address, ''));
    expect(page.words).toContain('Approve, and publish @acme/tool@1.0.0?');
    expect(page.words.replaceAll(/(?<=[0-9a-f]{8}) /g, '')).toContain(sha256Of(archiveOf()));
    await browser.submit(page, { code: app.nextCode() }, 'Approve');
    const { token: otp } = (await alice.get(asked.body.doneUrl.replace(address, ''))).body;
    expect((await approveStaged(alice, two, otp)).code).toBe('otp_refused');
    expect((await rejectStaged(alice, one, otp)).code).toBe('otp_refused');
    expect((await publish(alice, { version: '3.0.0' }, { otp })).code).toBe('otp_refused');
    expect((await approveStaged(alice, one, otp)).status).toBe(201);
    expect((await approveStaged(alice, two, otp)).code).toBe('otp_refused');
  });
});

describe('a token with the scope', () => {
  test('stage hands releases in, and does nothing else', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const ci = await limitedClient(alice, { scopes: ['stage'] });
    const app = await registry.enrol(alice);
    for (const via of ['npm', 'pub'] as const)
      expect((await stage(ci, { version: `1.1.0-${via}` }, { via })).status).toBeLessThan(300);
    const id = (await alice.get('/-/stage')).body.items[0].id;
    const refused = [
      await publish(ci, { version: '2.0.0' }, { otp: app.code() }),
      await publish(ci, { version: '2.0.0' }, { otp: app.code(), via: 'pub' }),
      await ci.get('/-/stage'),
      await ci.get(`/-/stage/${id}`),
      await ci.get(`/-/stage/${id}/tarball`),
      await approveStaged(ci, id, app.code()),
      await rejectStaged(ci, id, app.code()),
      await ci.get('/-/package/@acme%2ftool/owners', {}),
    ];
    expect(refused.slice(0, -1).map(({ code }) => code)).toEqual(Array(7).fill('token_limited'));
    expect(stateOf(registry).filter((row) => row.includes('published'))).toEqual(['1.0.0 published ']);
    const [row] = registry.sql("select staged_by_token as token from releases where version like '1.1.0%'");
    expect(row.token).not.toBeNull();
  });

  test('stage for one package hands in nothing of another, and publish approves its own only', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const other = await staged(alice, { name: '@acme/other' });
    const stager = await limitedClient(alice, { scopes: ['stage'], packages: ['@acme/tool'] });
    expect((await stage(stager, { name: '@acme/third' })).code).toBe('token_limited');
    expect((await stage(stager)).status).toBe(201);
    const publisher = await limitedClient(alice, { scopes: ['publish'], packages: ['@acme/tool'] });
    const app = await registry.enrol(alice);
    expect(
      (await publisher.get('/-/stage')).body.items.map((item: { version: string }) => item.version),
    ).toEqual(['1.0.0']);
    expect((await approveStaged(publisher, other, app.code())).code).toBe('token_limited');
    expect((await publisher.get(`/-/stage/${other}`)).code).toBe('token_limited');
    const { id } = (await publisher.get('/-/stage')).body.items[0];
    expect((await approveStaged(publisher, id, app.code())).status).toBe(201);
  });
});
