import fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addRoutes } from '../src/routes.ts';
import type { Answer, Client } from './support/client.ts';
import { mailsOf, makeOwner } from './support/people.ts';
import { manifestOf, pathOf, publish } from './support/publishing.ts';
import { stage } from './support/staging.ts';
import { day } from './support/test-clock.ts';
import { createTestRegistry, type TestRegistry, userPath } from './support/test-registry.ts';
import { createToken } from './support/tokens.ts';

const json = { 'content-type': 'application/json' };

/** The part of a package's page that owners change. */
const below = (name: string) => `/-/package${pathOf(name)}`;

interface Attempt {
  readonly client: Client;
  readonly name: string;
  /** Different for everybody who tries. */
  readonly version: string;
  /** As an owner reads it. */
  readonly revision: string;
  readonly maintainers: readonly { readonly name: string }[];
}

/**
 * Every route that changes a package, by the role it takes, as something that can be repeated by everybody who
 * may do it. In an order in which each can be done.
 */
const routes: Record<string, { takes: 'owner' | 'maintainer'; attempt(by: Attempt): Promise<Answer> }> = {
  'PUT /-/package/:name/owners': {
    takes: 'owner',
    attempt: ({ client, name }) => client.put(`${below(name)}/owners`, { user: 'frank' }),
  },
  'DELETE /-/package/:name/owners/:user': {
    takes: 'owner',
    attempt: ({ client, name }) => client.delete(`${below(name)}/owners/frank`),
  },
  'PUT /:name/-rev/:revision': {
    takes: 'owner',
    attempt: ({ client, name, revision, maintainers }) =>
      client.put(`${pathOf(name)}/-rev/${revision}`, { maintainers }),
  },
  'DELETE /:name/-/:file/-rev/:revision': {
    takes: 'owner',
    attempt: ({ client, name, revision }) =>
      client.delete(`${pathOf(name)}/-/tool-9.9.9.tgz/-rev/${revision}`),
  },
  'POST /-/package/:name/access': {
    takes: 'owner',
    attempt: ({ client, name }) => client.post(`${below(name)}/access`, { publish_requires_tfa: false }),
  },
  'POST /-/package/:name/transfer': {
    takes: 'owner',
    attempt: ({ client, name }) =>
      client.post(`${below(name)}/transfer`, { to: 'frank', keep: ['olivia', 'max', 'oscar', 'mary'] }),
  },
  'PUT /:name': {
    takes: 'maintainer',
    attempt: ({ client, name, version }) => publish(client, { name, version }),
  },
  'PUT /-/pub/v1/releases/:ecosystem/:name/:version': {
    takes: 'maintainer',
    attempt: ({ client, name, version }) =>
      publish(client, { name, version: `${version}-pub` }, { via: 'pub', tag: 'next' }),
  },
  'POST /-/stage/package/:name': {
    takes: 'maintainer',
    attempt: ({ client, name, version }) => stage(client, { name, version: `${version}-staged` }),
  },
  'PUT /:name to deprecate': {
    takes: 'maintainer',
    attempt: ({ client, name }) =>
      client.put(pathOf(name), { name, versions: { '1.0.0': { ...manifestOf(), name, deprecated: 'old' } } }),
  },
  'PUT /-/package/:name/dist-tags/:tag': {
    takes: 'maintainer',
    attempt: ({ client, name }) => client.put(`${below(name)}/dist-tags/a`, '"1.0.0"', { headers: json }),
  },
  'POST /-/package/:name/dist-tags/:tag': {
    takes: 'maintainer',
    attempt: ({ client, name }) => client.post(`${below(name)}/dist-tags/a`, '"1.0.0"', { headers: json }),
  },
  'DELETE /-/package/:name/dist-tags/:tag': {
    takes: 'maintainer',
    attempt: ({ client, name }) => client.delete(`${below(name)}/dist-tags/a`),
  },
};

/** What each person may do, with a package that belongs to an organisation and with one that does not. */
const people = {
  olivia: { with: 'owner', without: 'owner' },
  max: { with: 'maintainer', without: 'maintainer' },
  oscar: { with: 'owner', without: undefined },
  mary: { with: 'maintainer', without: undefined },
  rita: { with: undefined, without: undefined },
  invited: { with: undefined, without: undefined },
  stranger: { with: undefined, without: undefined },
} as const;
type PersonName = keyof typeof people;

/** oscar owns the organisation acme, mary is in it, rita was; olivia and max are named on the package. */
async function withCast(): Promise<[TestRegistry, Record<PersonName, Client>]> {
  const registry = await createTestRegistry();
  const names = Object.keys(people) as PersonName[];
  const clients = await Promise.all(names.map(async (name) => [name, await registry.signUp(name)] as const));
  const cast = Object.fromEntries(clients) as Record<PersonName, Client>;
  await registry.signUp('frank');
  expect((await cast.oscar.post('/-/pub/v1/organisations', { name: 'acme' })).status).toBe(201);
  for (const user of ['mary', 'rita']) {
    expect((await cast.oscar.put('/-/org/acme/user', { user, role: 'developer' })).status).toBe(201);
  }
  expect((await cast.oscar.send('DELETE', '/-/org/acme/user', { body: { user: 'rita' } })).status).toBe(204);
  return [registry, cast];
}

const kinds = {
  'a package without a scope': { name: 'tool', organisation: false },
  'a package in the scope of an account': { name: '@olivia/tool', organisation: false },
  'a package in the scope of an organisation': { name: '@acme/tool', organisation: true },
} as const;

async function tryAll(
  client: Client,
  owner: Client,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [route, { attempt }] of Object.entries(routes)) {
    const { _rev: revision, maintainers } = (await owner.get(pathOf(name))).body;
    const answer = await attempt({ client, name, version, revision, maintainers });
    outcomes[route] = answer.status < 300 ? 'done' : (answer.code ?? 'no code');
  }
  return outcomes;
}

function expectedOf(role: 'owner' | 'maintainer' | undefined, access: 'public' | 'restricted') {
  const outcome = ([route, { takes }]: [string, { takes: string }]) => {
    if (role === 'owner' || role === takes) return [route, 'done'];
    const hidden = access === 'restricted' && role === undefined && !asksForName(route);
    return [route, hidden ? 'not_found' : 'not_owner'];
  };
  return Object.fromEntries(Object.entries(routes).map(outcome));
}

/** To publish is to ask for a name, and who asks is told that it is taken. */
function asksForName(route: string): boolean {
  const publishes = route.startsWith('PUT /:name') && !route.includes('-rev');
  return publishes || route.includes('/releases/') || route.includes('/stage/');
}

/** ToB-2026 #8: what a route takes is written down here, and not concluded from the route. */
describe.each(Object.entries(kinds))('%s', (_, { name, organisation }) => {
  test.each(['public', 'restricted'] as const)('that is %s is changed by those who may', async (access) => {
    const [registry, cast] = await withCast();
    const first = organisation ? cast.oscar : cast.olivia;
    expect((await publish(first, { name }, { access })).status).toBe(201);
    if (organisation) await makeOwner(first, cast.olivia, { name });
    await makeOwner(cast.olivia, cast.max, { name, role: 'maintainer' });
    await cast.olivia.put(`${below(name)}/owners`, { user: 'invited' });

    for (const [index, [person, has]] of Object.entries(people).entries()) {
      const role = organisation ? has.with : has.without;
      const client = cast[person as PersonName];
      const outcomes = await tryAll(client, cast.olivia, { name, version: `1.0.${index + 1}` });
      expect({ person, outcomes }).toEqual({ person, outcomes: expectedOf(role, access) });
    }
    const log = await registry.auditEvents();
    for (const person of ['rita', 'invited', 'stranger']) {
      const refusals = log.filter((event) => event.includes(`refused ${person} npm:${name}`));
      expect(refusals).toHaveLength(Object.keys(routes).length);
    }
  });
});

test('every route that changes a package is in the table above', async () => {
  const registry = await createTestRegistry();
  const app = fastify();
  onTestFinished(() => app.close());
  const found: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) found.push(`${each} ${url}`);
  });
  addRoutes(app, registry.services);
  await app.ready();
  const changing = found.filter((route) => /^(PUT|POST|PATCH|DELETE) .*:name/.test(route));
  expect(changing.length).toBeGreaterThan(8);
  expect(changing.filter((route) => !(route in routes) && !isElsewhere(route))).toEqual([]);
});

/**
 * Pages, cargo and what pub asks of crates act through the same functions, and have tests of their own: `web-*`,
 * `cargo-owners.test.ts`, `crate-policy.test.ts`. Trusted publishing is refused to
 * everybody. To unpublish a package cannot be repeated: `unpublish.test.ts` has it by roles.
 */
const isElsewhere = (route: string) =>
  / \/(-\/(web|pub\/v1\/packages)\/|cargo\/)|\/trust(\/|$)|\/oidc\/|^DELETE \/:name\/-rev\//.test(route);

describe('the roles of a package', () => {
  const tool = '/@acme%2ftool';
  const below = '/-/package/@acme%2ftool';

  async function withPeople(): Promise<[TestRegistry, Client, Client]> {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    expect((await publish(alice)).status).toBe(201);
    return [registry, alice, bob];
  }

  test('end their own role with npm’s request, and nobody else’s that way', async () => {
    const [registry, alice, bob] = await withPeople();
    const carol = await registry.signUp('carol');
    for (const person of [bob, carol]) await makeOwner(alice, person, { role: 'maintainer' });
    const without = async (...names: string[]) => {
      const { _rev, maintainers } = (await bob.get('/@acme%2ftool')).body;
      const left = maintainers.filter(({ name }: { name: string }) => !names.includes(name));
      return await bob.put(`/@acme%2ftool/-rev/${_rev}`, { maintainers: left });
    };
    for (const names of [['carol'], ['bob', 'carol'], ['alice', 'bob'], []])
      expect((await without(...names)).code).toBe('not_owner');
    expect((await without('bob')).status).toBe(201);
    const { maintainers } = (await alice.get('/@acme%2ftool')).body;
    expect(maintainers.map(({ name }: { name: string }) => name)).toEqual(['alice', 'carol']);
  });

  test('who are invited are named to npm owner, and to nobody who has no part in it', async () => {
    const [registry, alice] = await withPeople();
    const { _rev, maintainers } = (await alice.get('/@acme%2ftool')).body;
    const owners = [...maintainers, { name: 'bob' }];
    const added = await alice.put(`/@acme%2ftool/-rev/${_rev}`, { maintainers: owners });
    const notice = 'bob is invited, and becomes an owner by accepting: to take that back, pub owner remove';
    expect(added.headers['npm-notice']).toBe(notice);
    const noticeFor = async (client: Client, command: string) =>
      (await client.get(userPath('bob'), { headers: { 'npm-command': command } })).headers['npm-notice'];
    expect(await noticeFor(alice, 'owner')).toContain('bob is invited to @acme/tool, and no owner yet');
    const carol = await registry.signUp('carol');
    const { body } = await createToken(alice, { scopes: ['owners'], packages: ['other'] });
    const limited = alice.from({ token: body.token });
    for (const [client, command] of [
      [alice, 'whoami'],
      [carol, 'owner'],
      [limited, 'owner'],
    ] as const) {
      expect(await noticeFor(client, command)).toBeUndefined();
    }
  });

  test('are listed with where they come from, and invitations for those inside', async () => {
    const [registry, alice, bob] = await withPeople();
    await makeOwner(alice, bob, { role: 'maintainer' });
    await registry.signUp('carol');
    await alice.put(`${below}/owners`, { user: 'carol' });
    const owners = [
      { name: 'alice', email: 'alice@example.org', role: 'owner' },
      { name: 'bob', email: 'bob@example.org', role: 'maintainer' },
    ];
    expect((await registry.anonymous.get(`${below}/owners`)).body).toEqual({ owners, invitations: [] });
    const expires = new Date(registry.clock.now + 7 * day).toISOString();
    expect((await bob.get(`${below}/owners`)).body).toEqual({
      owners,
      invitations: [{ user: 'carol', role: 'owner', expires }],
    });
    expect((await alice.get(tool)).body.maintainers.map((person: { name: string }) => person.name)).toEqual([
      'alice',
      'bob',
    ]);
  });

  test('are changed at once for who has one already, and that is logged and mailed', async () => {
    const [registry, alice, bob] = await withPeople();
    await makeOwner(alice, bob, { role: 'maintainer' });
    expect((await alice.put(`${below}/owners`, { user: 'bob', role: 'owner' })).status).toBe(200);
    expect((await bob.put(`${below}/owners`, { user: 'alice', role: 'maintainer' })).status).toBe(200);
    expect((await alice.post(`${below}/access`, { access: 'restricted' })).code).toBe('not_owner');
    expect((await registry.auditEvents()).slice(-3, -1)).toEqual([
      'owner:role-changed alice npm:@acme/tool',
      'owner:role-changed bob npm:@acme/tool',
    ]);
    expect(mailsOf(registry, 'owner-role-changed')).toEqual([
      'alice@example.org',
      'bob@example.org',
      'bob@example.org',
      'alice@example.org',
    ]);
  });

  test.each([
    { user: 'bob', role: 'admin' },
    { user: 'bob', role: '' },
    { user: 'bob', role: 1 },
    { user: 7 },
    { user: '' },
    {},
  ])('are not given by %j', async (body) => {
    const [, alice] = await withPeople();
    expect((await alice.put(`${below}/owners`, body)).code).toBe('bad_request');
  });

  test('the last owner is not removed, does not leave and is not made a maintainer', async () => {
    const [, alice, bob] = await withPeople();
    await makeOwner(alice, bob, { role: 'maintainer' });
    const { body } = await alice.get(tool);
    const answers = [
      await alice.delete(`${below}/owners/alice`),
      await alice.put(`${below}/owners`, { user: 'alice', role: 'maintainer' }),
      await alice.put(`${tool}/-rev/${body._rev}`, { maintainers: [{ name: 'bob' }] }),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(3).fill('conflict'));
  });

  test('two last owners who leave at the same time: exactly one of them stays, at two servers too', async () => {
    const [registry, alice, bob] = await withPeople();
    await makeOwner(alice, bob);
    const there = bob.from({ app: (await registry.another()).app });
    const answers = await registry.behindLock(
      () => Promise.all([alice.delete(`${below}/owners/alice`), there.delete(`${below}/owners/bob`)]),
      async () => {},
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await registry.anonymous.get(`${below}/owners`)).body.owners).toHaveLength(1);
  });

  test('two owners who make each other maintainers at the same time: one of them stays an owner', async () => {
    const [, alice, bob] = await withPeople();
    await makeOwner(alice, bob);
    const answers = await Promise.all([
      alice.put(`${below}/owners`, { user: 'bob', role: 'maintainer' }),
      bob.put(`${below}/owners`, { user: 'alice', role: 'maintainer' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  });

  test('a maintainer leaves by themselves, and removes nobody else', async () => {
    const [, alice, bob] = await withPeople();
    await makeOwner(alice, bob, { role: 'maintainer' });
    expect((await bob.delete(`${below}/owners/alice`)).code).toBe('not_owner');
    expect((await bob.delete(`${below}/owners/bob`)).status).toBe(200);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
  });

  test('an owner who becomes a maintainer during a change of the owners changes nothing', async () => {
    const [registry, alice, bob] = await withPeople();
    await makeOwner(alice, bob);
    await registry.signUp('carol');
    const [demoted, refused] = await registry.behindLock(
      () =>
        Promise.all([
          alice.put(`${below}/owners`, { user: 'bob', role: 'maintainer' }),
          bob.put(`${below}/owners`, { user: 'carol' }),
        ]),
      async () => {},
    );
    expect([demoted.status, refused.code]).toEqual([200, 'not_owner']);
    expect(registry.sql('select * from invitations where answered_at is null')).toEqual([]);
  });

  test('a package that requires a second factor takes no maintainer without one', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const bob = await registry.signUp('bob');
    await publish(alice);
    await makeOwner(alice, bob, { role: 'maintainer', otp: app.code() });
    const required = await alice.post(
      `${below}/access`,
      { publish_requires_tfa: true },
      { otp: app.nextCode() },
    );
    expect([required.code, required.body.error]).toEqual([
      'owner_without_factor',
      expect.stringContaining('bob'),
    ]);
  });

  test('a single owner is told so when they publish, by npm and by pub, and two are not', async () => {
    const [, alice, bob] = await withPeople();
    const noticeOf = async (version: string, via: 'npm' | 'pub') =>
      (await publish(alice, { version }, { via })).headers['npm-notice'];
    expect(await noticeOf('1.0.1', 'npm')).toContain('@acme/tool has a single owner');
    expect(await noticeOf('1.0.2', 'pub')).toContain('@acme/tool has a single owner');
    await makeOwner(alice, bob, { role: 'maintainer' });
    expect(await noticeOf('1.0.3', 'pub')).toContain('a single owner');
    await alice.put(`${below}/owners`, { user: 'bob', role: 'owner' });
    expect(await noticeOf('1.0.4', 'npm')).toBeUndefined();
  });
});
