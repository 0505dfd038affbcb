import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { answerInvitation, makeOwner } from './support/people.ts';
import { manifestOf, publish } from './support/publishing.ts';
import { createTestRegistry, profilePath, type TestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';
const below = '/-/package/@acme%2ftool';
const json = { 'content-type': 'application/json' };

/** Alice has published a package, and bob is there. */
async function withPackage(): Promise<[TestRegistry, Client, Client]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  expect((await publish(alice)).status).toBe(201);
  return [registry, alice, bob];
}

const people = (...names: string[]) => ({
  maintainers: names.map((name) => ({ name, email: `${name}@example.org` })),
});
const revisionOf = async (client: Client) => (await client.get(tool)).body._rev;

describe('owners', () => {
  test('are invited and removed as npm does it: read, change the list, put it under its revision', async () => {
    const [registry, alice, bob] = await withPackage();
    const revision = await revisionOf(alice);
    const added = await alice.put(`${tool}/-rev/${revision}`, {
      _id: '@acme/tool',
      _rev: revision,
      ...people('alice', 'bob'),
    });
    expect([added.status, added.body]).toEqual([
      201,
      { ok: true, id: '@acme/tool', rev: await revisionOf(alice), invited: ['bob'] },
    ]);
    expect((await alice.get(tool)).body.maintainers).toEqual(people('alice').maintainers);
    expect((await answerInvitation(bob)).status).toBe(200);
    expect((await alice.get(tool)).body.maintainers).toEqual(people('alice', 'bob').maintainers);
    expect((await alice.get(`${below}/collaborators`)).body).toEqual({ alice: 'write', bob: 'write' });
    await alice.put(`${tool}/-rev/${await revisionOf(alice)}`, people('bob'));
    expect((await alice.get(tool)).body.maintainers).toEqual(people('bob').maintainers);
    expect((await publish(alice, { version: '1.0.1' })).code).toBe('not_owner');
    expect((await registry.auditEvents()).slice(-4)).toEqual([
      'owner:invited alice npm:@acme/tool',
      'owner:added bob npm:@acme/tool',
      'owner:removed alice npm:@acme/tool',
      'release:refused alice npm:@acme/tool not_owner',
    ]);
  });

  test('are invited and removed as pnpm does it', async () => {
    const [, alice, bob] = await withPackage();
    expect((await alice.put(`${below}/owners`, { user: 'bob' })).status).toBe(200);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
    expect((await answerInvitation(bob)).status).toBe(200);
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect((await bob.delete(`${below}/owners/alice`)).status).toBe(200);
    expect((await alice.get(tool)).body.maintainers).toEqual(people('bob').maintainers);
  });

  test('read before somebody changed them are refused: neither change is lost', async () => {
    const [registry, alice, bob] = await withPackage();
    await registry.signUp('carol');
    const stale = await revisionOf(alice);
    await makeOwner(alice, bob);
    const refused = await bob.put(`${tool}/-rev/${stale}`, people('alice', 'carol'));
    expect([refused.status, refused.code]).toEqual([409, 'conflict']);
    expect((await alice.get(tool)).body.maintainers).toEqual(people('alice', 'bob').maintainers);
  });

  test('changed twice at the same time from one revision change once', async () => {
    const [registry, alice] = await withPackage();
    await registry.signUp('carol');
    const revision = await revisionOf(alice);
    const answers = await Promise.all([
      alice.put(`${tool}/-rev/${revision}`, people('alice', 'bob')),
      alice.put(`${tool}/-rev/${revision}`, people('alice', 'carol')),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('are never none: the last one stays, in either form and in a race', async () => {
    const [, alice, bob] = await withPackage();
    expect((await alice.delete(`${below}/owners/alice`)).code).toBe('conflict');
    expect((await alice.put(`${tool}/-rev/${await revisionOf(alice)}`, { maintainers: [] })).code).toBe(
      'bad_request',
    );
    await makeOwner(alice, bob);
    const answers = await Promise.all([
      alice.delete(`${below}/owners/alice`),
      bob.delete(`${below}/owners/bob`),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await alice.get(tool)).body.maintainers).toHaveLength(1);
  });

  test('a list of which one name is wrong changes nothing', async () => {
    const [, alice] = await withPackage();
    const refused = await alice.put(`${tool}/-rev/${await revisionOf(alice)}`, people('bob', 'nobody'));
    expect([refused.status, refused.code]).toEqual([404, 'not_found']);
    expect((await alice.get(tool)).body.maintainers).toEqual(people('alice').maintainers);
  });

  test('are changed by owners only', async () => {
    const [registry, alice, bob] = await withPackage();
    const answers = [
      await bob.put(`${below}/owners`, { user: 'bob' }),
      await bob.delete(`${below}/owners/alice`),
      await bob.put(`${tool}/-rev/${await revisionOf(alice)}`, people('bob')),
      await bob.post(`${below}/access`, { access: 'restricted' }),
      await bob.post(`${below}/access`, { publish_requires_tfa: false }),
      await bob.put(`${below}/dist-tags/latest`, '"1.0.0"', { headers: json }),
      await bob.delete(`${below}/dist-tags/next`),
      await bob.put(tool, { versions: { '1.0.0': { deprecated: 'x' } } }),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(8).fill('not_owner'));
    expect((await registry.auditEvents()).filter((event) => event.endsWith('not_owner'))).toHaveLength(8);
    const strangers = await registry.anonymous.put(`${below}/owners`, { user: 'bob' });
    expect(strangers.code).toBe('unauthenticated');
  });

  test.each(['', '0', '1', '1-other', '-1-pub', '1e3-pub', 'undefined', '99999999999999999999-pub'])(
    'under the revision %j are not changed',
    async (revision) => {
      const [, alice] = await withPackage();
      const answer = await alice.put(`${tool}/-rev/${revision}`, people('alice', 'bob'));
      expect([400, 404, 409]).toContain(answer.status);
      expect((await alice.get(tool)).body.maintainers).toEqual(people('alice').maintainers);
    },
  );
});

describe('access', () => {
  test('is set and got as npm and pnpm do it', async () => {
    const [registry, alice, bob] = await withPackage();
    expect((await bob.get(`${below}/visibility`)).body).toEqual({ public: true });
    expect((await alice.post(`${below}/access`, { access: 'restricted' })).body).toEqual({
      access: 'restricted',
      publish_requires_tfa: false,
    });
    expect((await alice.get(`${below}/visibility`)).body).toEqual({ public: false });
    expect((await alice.get(`${below}/access`)).body).toEqual({
      access: 'restricted',
      publish_requires_tfa: false,
    });
    expect((await bob.get(tool)).status).toBe(404);
    await alice.post(`${below}/access`, { access: 'public' });
    expect((await registry.anonymous.get(tool)).status).toBe(200);
    expect((await registry.auditEvents()).slice(-2)).toEqual(
      Array(2).fill('package:access-changed alice npm:@acme/tool'),
    );
  });

  test.each([
    {},
    { access: 'private' },
    { access: 1 },
    { publish_requires_tfa: 'yes' },
    { publish_requires_tfa: null },
    [],
  ])('is not set to %j', async (body) => {
    const [, alice] = await withPackage();
    expect((await alice.post(`${below}/access`, body)).code).toBe('bad_request');
  });
});

describe('tags', () => {
  test('are listed, moved and removed', async () => {
    const [registry, alice] = await withPackage();
    await publish(alice, { version: '1.1.0' }, { tag: 'next' });
    expect((await registry.anonymous.get(`${below}/dist-tags`)).body).toEqual({
      latest: '1.0.0',
      next: '1.1.0',
    });
    expect((await alice.put(`${below}/dist-tags/latest`, '"1.1.0"', { headers: json })).status).toBe(200);
    expect((await alice.delete(`${below}/dist-tags/next`)).status).toBe(200);
    expect((await registry.anonymous.get(tool)).body['dist-tags']).toEqual({ latest: '1.1.0' });
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'package:tag-set alice npm:@acme/tool',
      'package:tag-removed alice npm:@acme/tool',
    ]);
  });

  test('what would not make sense is refused', async () => {
    const [, alice] = await withPackage();
    const put = (tag: string, body: string) =>
      alice.put(`${below}/dist-tags/${tag}`, body, { headers: json });
    const codes = [
      await put('next', '"2.0.0"'),
      await put('next', '"v1.0.0"'),
      await put('next', '{}'),
      await put('next', ''),
      await put('1.0.0', '"1.0.0"'),
      await put('x', '"1.0.0"'),
      await put('%5e1', '"1.0.0"'),
      await put('__proto__', '"1.0.0"'),
      await put('a'.repeat(101), '"1.0.0"'),
      await alice.delete(`${below}/dist-tags/latest`),
      await alice.delete(`${below}/dist-tags/none`),
    ].map(({ code }) => code);
    expect(codes).toEqual(['not_found', ...Array(9).fill('bad_request'), 'not_found']);
    expect((await alice.get(`${below}/dist-tags`)).body).toEqual({ latest: '1.0.0' });
  });

  test('constructor and the like are tags as any other', async () => {
    const [, alice] = await withPackage();
    expect((await alice.put(`${below}/dist-tags/constructor`, '"1.0.0"', { headers: json })).status).toBe(
      200,
    );
    expect((await alice.get(tool)).body['dist-tags'].constructor).toBe('1.0.0');
    expect((await alice.delete(`${below}/dist-tags/toString`)).code).toBe('not_found');
  });
});

describe('deprecating', () => {
  const put = async (client: Client, messages: Record<string, unknown>) => {
    const { body } = await client.get(tool);
    for (const [version, deprecated] of Object.entries(messages))
      body.versions[version] = { ...body.versions[version], deprecated };
    return await client.put(tool, body);
  };

  test('sets a message in both forms of the index, and an empty one takes it away', async () => {
    const [registry, alice] = await withPackage();
    await publish(alice, { version: '1.1.0' });
    expect((await put(alice, { '1.0.0': 'use 1.1.0 "instead"' })).status).toBe(201);
    for (const accept of ['application/json', 'application/vnd.npm.install-v1+json']) {
      const { versions } = (await registry.anonymous.get(tool, { headers: { accept } })).body;
      expect([versions['1.0.0'].deprecated, versions['1.1.0'].deprecated]).toEqual([
        'use 1.1.0 "instead"',
        undefined,
      ]);
    }
    expect((await put(alice, { '1.0.0': '' })).status).toBe(201);
    expect((await registry.anonymous.get(tool)).body.versions['1.0.0'].deprecated).toBeUndefined();
  });

  test('changes nothing else of what is put', async () => {
    const [registry, alice] = await withPackage();
    const before = (await registry.anonymous.get(tool)).body;
    const document = structuredClone(before);
    document.versions['1.0.0'] = {
      ...manifestOf(),
      deprecated: 'old',
      dependencies: { evil: '*' },
      dist: { tarball: 'http://evil.example' },
    };
    document['dist-tags'] = { latest: '6.6.6' };
    document.maintainers = [{ name: 'bob' }];
    document.versions['6.6.6'] = { deprecated: 'x' };
    expect((await alice.put(tool, document)).status).toBe(201);
    const after = (await registry.anonymous.get(tool)).body;
    const { deprecated, ...entry } = after.versions['1.0.0'];
    expect(deprecated).toBe('old');
    expect(entry).toEqual(before.versions['1.0.0']);
    expect([after['dist-tags'], after.maintainers, Object.keys(after.versions)]).toEqual([
      before['dist-tags'],
      before.maintainers,
      ['1.0.0'],
    ]);
  });

  test('a message that is none, or too long, is refused', async () => {
    const [, alice] = await withPackage();
    expect((await put(alice, { '1.0.0': 'x'.repeat(1_025) })).code).toBe('bad_request');
    expect((await put(alice, { '1.0.0': { a: 1 } })).code).toBe('bad_request');
    expect((await put(alice, { '1.0.0': 7 })).code).toBe('bad_request');
  });

  test('comes from an owner and not from a package.json', async () => {
    const [registry, alice] = await withPackage();
    await publish(alice, { version: '1.0.1', manifest: { deprecated: 'inside' } });
    expect((await registry.anonymous.get(tool)).text).not.toContain('inside');
    await put(alice, { '1.0.1': 'outside' });
    expect((await registry.anonymous.get(tool)).text.match(/"deprecated"/g)).toHaveLength(1);
  });
});

describe('the profile', () => {
  test('has the members npm reads', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const time = new Date(registry.clock.now).toISOString();
    expect((await alice.get(profilePath)).body).toEqual({
      name: 'alice',
      email: 'alice@example.org',
      email_verified: false,
      tfa: false,
      created: time,
      updated: time,
      cidr_whitelist: null,
    });
    expect((await registry.anonymous.get(profilePath)).status).toBe(401);
  });

  test('is set as npm does it, with every field at once', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const fields = { email: 'alice@example.org', fullname: 'Alice', homepage: null, github: 'alice' };
    expect((await alice.post(profilePath, fields)).body).toMatchObject(fields);
    await alice.post(profilePath, {
      ...fields,
      name: 'root',
      created: 'x',
      tfa: null,
      email: 'new@example.org',
    });
    // A new address counts once somebody confirmed that they read it.
    expect((await alice.get(profilePath)).body).toMatchObject({
      name: 'alice',
      tfa: false,
      email: 'alice@example.org',
    });
  });

  test('two fields set at the same time are both set', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const set = (field: object) => alice.post(profilePath, field);
    await registry.behindLock(
      () => Promise.all([set({ fullname: 'Alice' }), set({ github: 'alice' })]),
      async () => {},
    );
    expect((await alice.get(profilePath)).body).toMatchObject({ fullname: 'Alice', github: 'alice' });
  });

  test.each([
    { email: 'nobody' },
    { fullname: 7 },
    { fullname: 'x'.repeat(201) },
    { tfa: 'x' },
    { tfa: 7 },
    { tfa: {} },
    { tfa: [] },
    { tfa: [1] },
    { tfa: ['1', '2'] },
    { password: { new: 'only the new one of them' } },
    [],
  ])('is not set to %j', async (body) => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await alice.post(profilePath, body)).code).toBe('bad_request');
  });
});
