import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Authenticator } from './support/authenticator.ts';
import { browserAt } from './support/browser-client.ts';
import type { Answer, Client } from './support/client.ts';
import { type Crate, cargoPublish, crateArchive, details, indexLines } from './support/crates.ts';
import { answerInvitation } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { sha256Of } from './support/staging.ts';
import { minute } from './support/test-clock.ts';
import { address, createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';
import { upload } from './support/upload-crate.ts';

const path = '/-/pub/v1/one-shot-tokens';
const crates = '/cargo/api/v1/crates';

const publishing = (crate: Crate = {}) => ({
  ecosystem: 'cargo',
  operation: 'publish',
  name: crate.name ?? 'tool',
  version: crate.version ?? '1.0.0',
  sha256: sha256Of(crateArchive(crate)),
});
const yanking = (version = '1.0.0', operation = 'yank') => ({
  ecosystem: 'cargo',
  operation,
  name: 'tool',
  version,
});
const owning = { ecosystem: 'cargo', operation: 'owners', name: 'tool' };

async function withAlice(): Promise<[TestRegistry, Client, Authenticator]> {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  return [registry, alice, app];
}

/** Whoever holds the token that is good for this. */
async function once(client: Client, body: object, otp?: string): Promise<Client> {
  const answer = await client.post(path, body, { otp });
  expect(answer.status, answer.text).toBe(201);
  return client.from({ token: answer.body.token });
}

const asCargo = (client: Client) => ({ headers: { authorization: client.token } });
const yank = (client: Client, version = '1.0.0') =>
  client.delete(`${crates}/tool/${version}/yank`, asCargo(client));
const unyank = (client: Client, version = '1.0.0') =>
  client.put(`${crates}/tool/${version}/unyank`, null, asCargo(client));
const addOwner = (client: Client, user = 'bob') =>
  client.put(`${crates}/tool/owners`, { users: [user] }, asCargo(client));

/** What a token for something else is told. */
function isLimited(answer: Answer): boolean {
  return answer.status === 403 && answer.code === 'token_limited';
}

interface Vector {
  readonly name: string;
  readonly body: object;
}
const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/one-shot-tokens/${file}`, import.meta.url), 'utf8'));

describe('the vectors', () => {
  test('every request to accept is answered with a token', async () => {
    const [, alice, app] = await withAlice();
    for (const version of ['1.0.0', '1.2.3']) {
      const crate = { name: 'foo', version };
      expect((await cargoPublish(await once(alice, publishing(crate), app.nextCode()), crate)).status).toBe(
        200,
      );
    }
    for (const { name, body } of vectors('request-accept.json')) {
      const answer = await alice.post(path, body, { otp: app.nextCode() });
      expect([name, answer.status]).toEqual([name, 201]);
    }
  });

  test('every request to reject is refused', async () => {
    const [, alice, app] = await withAlice();
    for (const { name, body } of vectors('request-reject.json')) {
      const answer = await alice.post(path, body, { otp: app.code() });
      expect([name, answer.status]).toEqual([name, 400]);
    }
  });

  test('the answers to accept are shaped as ours is', async () => {
    const [, alice, app] = await withAlice();
    const { body: ours } = await alice.post(path, publishing(), { otp: app.code() });
    for (const { body } of vectors('answer-accept.json')) {
      expect(Object.keys(body).sort()).toEqual(Object.keys(ours).sort());
      expect(body).toMatchObject({ token: expect.stringMatching(/^pub_[0-9A-Za-z]{42}$/) });
    }
  });
});

describe('a token for one publish', () => {
  test('publishes that crate without a code of its own, once, with what it was made with', async () => {
    const [registry, alice, app] = await withAlice();
    const asked = await alice.post(path, publishing());
    expect(asked.code).toBe('otp_required');
    const answer = await alice.post(path, publishing(), { otp: app.code() });
    expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(Date.parse(answer.body.expires)).toBe(registry.clock.now + 10 * minute);
    const token = alice.from({ token: answer.body.token });
    expect((await cargoPublish(token)).status).toBe(200);
    expect(registry.sql('select state, factor from releases')).toEqual([
      { state: 'published', factor: 'totp' },
    ]);
    expect((await indexLines(registry.anonymous, 'to/ol/tool')).map(({ vers }) => vers)).toEqual(['1.0.0']);
    expect((await cargoPublish(token)).status).toBe(401);
    expect((await alice.get('/-/npm/v1/tokens')).body.total).toBe(1);
    expect(await registry.auditEvents()).toContain('token:created alice alice');
    expect(registry.bytesAtRest()).not.toContain(answer.body.token);
    // Its code is used up.
    expect((await publish(alice, {}, { otp: app.code() })).code).toBe('otp_refused');
  });

  test('is sent to the other upload as well, and to nothing that only waits', async () => {
    const [registry, alice, app] = await withAlice();
    const token = await once(alice, publishing(), app.code());
    const archive = crateArchive();
    const headers = {
      'content-type': 'application/octet-stream',
      'content-digest': `sha-256=:${Buffer.from(sha256Of(archive), 'hex').toString('base64')}:`,
    };
    const staged = await token.put('/-/pub/v1/releases/cargo/tool/1.0.0?stage=true', archive, { headers });
    expect(staged.code).toBe('token_limited');
    const npm = await token.put('/-/pub/v1/releases/npm/tool/1.0.0', archive, { headers });
    expect(npm.code).toBe('token_limited');
    expect(registry.sql('select * from releases')).toEqual([]);
    expect((await upload(token)).status).toBe(201);
    expect((await upload(token)).status).toBe(401);
  });

  test('is refused for another crate, version, checksum and operation, and stays good for its own', async () => {
    const [registry, alice, app] = await withAlice();
    const first = { version: '0.1.0' };
    await cargoPublish(await once(alice, publishing(first), app.code()), first);
    const token = await once(alice, publishing(), app.nextCode());
    const others: Crate[] = [{ name: 'other' }, { version: '1.0.1' }, { files: { 'src/x.rs': '' } }, first];
    for (const crate of others) expect(isLimited(await cargoPublish(token, crate))).toBe(true);
    await registry.signUp('bob');
    const refused = [await yank(token, '0.1.0'), await unyank(token, '0.1.0'), await addOwner(token)];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(registry.sql('select yanked from releases')).toEqual([{ yanked: 0 }]);
    expect(registry.sql('select * from invitations')).toEqual([]);
    expect((await cargoPublish(token)).status).toBe(200);
  });

  test('reads nothing private, lists nothing, makes no token, and does nothing of the account', async () => {
    const [registry, alice, app] = await withAlice();
    await publish(alice, {}, { otp: app.code(), access: 'restricted' });
    const token = await once(alice, publishing(), app.nextCode());
    const otp = app.nextCode();
    const json = { 'content-type': 'application/json' };
    const answers = [
      await token.get('/@acme%2ftool'),
      await token.get('/-/whoami'),
      await token.get('/-/npm/v1/user'),
      await token.get('/-/npm/v1/tokens'),
      await token.get('/-/stage'),
      await token.post(path, publishing({ version: '2.0.0' }), { otp }),
      await token.post('/-/pub/v1/tokens', { name: 'x', password: goodPassword, scopes: ['read'] }, { otp }),
      await token.post('/-/pub/v1/batch-proofs', { releases: [] }, { otp }),
      await token.post('/-/pub/v1/preflight', { releases: [] }),
      await token.post('/-/pub/v1/logout'),
      await token.delete(`/-/user/token/${token.token}`),
      await token.put('/-/package/@acme%2ftool/dist-tags/a', '"1.0.0"', { otp, headers: json }),
      await publish(token, { version: '9.0.0' }, { otp }),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(answers.length).fill('token_limited'));
    expect((await cargoPublish(token)).status).toBe(200);
    expect(registry.sql("select * from releases where version = '9.0.0'")).toEqual([]);
  });

  test('sent twice at once to two servers publishes once', async () => {
    const [registry, alice, app] = await withAlice();
    const token = await once(alice, publishing(), app.code());
    const other = await registry.another();
    const answers = await registry.behindLock(
      async () => await Promise.all([cargoPublish(token), cargoPublish(token.from({ app: other.app }))]),
      async () => {},
    );
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    const published = (await registry.auditEvents()).filter((event) => event.startsWith('release:published'));
    expect(published).toHaveLength(1);
    expect((await cargoPublish(token)).status).toBe(401);
  });

  test('is over after ten minutes', async () => {
    const [registry, alice, app] = await withAlice();
    const token = await once(alice, publishing(), app.code());
    registry.clock.advance(10 * minute);
    expect((await cargoPublish(token)).status).toBe(401);
    expect(registry.sql('select * from releases')).toEqual([]);
  });

  test.each(['logged out', 'its password was changed', 'its own time ran out'])(
    'ends when the token it was made with ends: %s',
    async (how) => {
      const [registry, alice, app] = await withAlice();
      const token = await once(alice, publishing(), app.code());
      if (how === 'logged out') await alice.post('/-/pub/v1/logout');
      else if (how.includes('password')) {
        const password = { old: goodPassword, new: 'a battery of correct horses' };
        await alice.post('/-/npm/v1/user', { password }, { otp: app.nextCode() });
      } else registry.sql(`update tokens set expires_at = ${registry.clock.now} where act is null`);
      expect((await cargoPublish(token)).status).toBe(401);
      expect(registry.sql('select * from releases')).toEqual([]);
    },
  );

  test('whose parent is revoked while the crate is on its way publishes nothing', async () => {
    const [registry, alice, app] = await withAlice();
    const token = await once(alice, publishing(), app.code());
    // The archive is kept before the transaction that publishes, and the parent ends with that.
    const keep = registry.services.blobs.keep.bind(registry.services.blobs);
    registry.services.blobs.keep = async (received) => {
      await keep(received);
      registry.sql('update tokens set revoked_at = 1 where act is null');
    };
    expect((await cargoPublish(token)).status).toBe(401);
    expect(registry.sql('select * from releases')).toEqual([]);
  });

  test('that needed no code when it was made carries none when one is needed since', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const token = await once(alice, publishing());
    await registry.enrol(alice);
    const refused = await cargoPublish(token);
    expect([refused.status, registry.sql('select * from releases')]).toEqual([expect.any(Number), []]);
    expect(refused.status).toBeGreaterThanOrEqual(400);
  });

  test('is given to nobody who could not publish that crate', async () => {
    const [registry, alice, app] = await withAlice();
    const [bob, bobs] = await registry.signUpWithFactor('bob');
    await cargoPublish(await once(alice, publishing(), app.code()));
    const tries = [
      await bob.post(path, publishing({ version: '1.0.1' }), { otp: bobs.code() }),
      await alice.post(path, publishing(), { otp: app.nextCode() }),
      await alice.post(path, publishing({ version: '1.0.1' }), { otp: app.wrongCode() }),
      await registry.anonymous.post(path, publishing()),
      await bob.post(path, yanking(), { otp: bobs.code() }),
      await bob.post(path, owning, { otp: bobs.code() }),
    ];
    expect(tries.map(({ code }) => code)).toEqual([
      'not_owner',
      'version_exists',
      'otp_refused',
      'unauthenticated',
      'not_owner',
      'not_owner',
    ]);
  });
});

describe('a token for', () => {
  async function withTool() {
    const [registry, alice, app] = await withAlice();
    await registry.signUp('bob');
    for (const version of ['1.0.0', '1.1.0'])
      await cargoPublish(await once(alice, publishing({ version }), app.nextCode()), { version });
    return { registry, alice, app };
  }

  test('a yank yanks that version once, and does not put it back', async () => {
    const { registry, alice, app } = await withTool();
    const token = await once(alice, yanking(), app.nextCode());
    expect(isLimited(await yank(token, '1.1.0'))).toBe(true);
    expect(isLimited(await unyank(token))).toBe(true);
    expect((await addOwner(token)).status).toBe(403);
    expect((await cargoPublish(token, { version: '2.0.0' })).status).toBe(403);
    expect((await yank(token)).status).toBe(200);
    expect((await yank(token)).status).toBe(401);
    expect(registry.sql('select version, yanked from releases order by id')).toEqual([
      { version: '1.0.0', yanked: 1 },
      { version: '1.1.0', yanked: 0 },
    ]);
    const back = await once(alice, yanking('1.0.0', 'unyank'), app.nextCode());
    expect((await unyank(back)).status).toBe(200);
  });

  test('owners changes those of its crate once, and nothing else', async () => {
    const { registry, alice, app } = await withTool();
    const token = await once(alice, owning, app.nextCode());
    expect((await yank(token)).status).toBe(403);
    const other = await token.put(`${crates}/other/owners`, { users: ['bob'] }, asCargo(token));
    expect(other.status).toBeGreaterThanOrEqual(400);
    expect((await token.get('/-/pub/v1/invitations')).code).toBe('token_limited');
    expect((await addOwner(token)).status).toBe(200);
    expect((await addOwner(token, 'alice')).status).toBe(401);
    expect(registry.sql('select role from invitations')).toEqual([{ role: 'owner' }]);
  });

  test('owners is not given to a maintainer', async () => {
    const { registry, alice, app } = await withTool();
    await addOwner(await once(alice, owning, app.nextCode()));
    const [, bobs] = [0, await registry.logIn('bob')];
    const bob = registry.anonymous.from({ token: bobs.body.token });
    await answerInvitation(bob);
    registry.sql("update owners set role = 'maintainer' where account_id = 2");
    expect((await bob.post(path, owning)).code).toBe('not_owner');
    expect((await bob.post(path, yanking())).status).toBe(201);
  });
});

test('a limited token makes one for what it may do itself, with its networks', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const networks = ['127.0.0.1/32'];
  const ci = await limitedClient(alice, { scopes: ['publish'], packages: ['cargo:tool'], networks });
  const app = await registry.enrol(alice);
  expect((await ci.post(path, publishing({ name: 'other' }), { otp: app.code() })).code).toBe(
    'token_limited',
  );
  expect((await ci.post(path, owning, { otp: app.code() })).status).toBeGreaterThanOrEqual(403);
  const token = await once(ci, publishing(), app.code());
  expect((await cargoPublish(token.from({ address: '192.0.2.1' }))).status).toBe(403);
  expect((await cargoPublish(token)).status).toBe(200);
  expect((await ci.post(path, yanking(), { otp: app.nextCode() })).code).toBe('token_limited');
});

test('in a browser the page shows the act, and its proof makes that token and no other', async () => {
  const [registry, alice, app] = await withAlice();
  const asked = await alice.post(path, publishing(), { headers: { 'npm-auth-type': 'web' } });
  const browser = browserAt(registry.app);
  const login = await browser.open('/-/web/log-in');
  const next = await browser.submit(login, { name: 'alice', password: goodPassword });
  await browser.submit(next, { code: app.nextCode() });
  const page = await browser.open(asked.body.authUrl.replace(address, ''));
  expect(page.words).toContain('Publish the crate tool@1.0.0?');
  expect(page.words).toContain('Crate tool Version 1.0.0');
  await browser.submit(page, { code: app.nextCode() }, 'Approve');
  const { token: otp } = (await alice.get(asked.body.doneUrl.replace(address, ''))).body;
  expect((await alice.post(path, publishing({ version: '2.0.0' }), { otp })).code).toBe('otp_refused');
  const token = await once(alice, publishing(), otp);
  expect((await alice.post(path, publishing(), { otp })).code).toBe('otp_refused');
  expect((await cargoPublish(token)).status).toBe(200);
  expect(details(await cargoPublish(token))).not.toBe('');
});

test('an account has a hundred of them at a time', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await once(alice, publishing());
  const columns = 'account_id, label, created_at, expires_at, scopes, packages, act, parent_id';
  for (let i = 1; i < 100; i += 1)
    registry.sql(
      `insert into tokens (hash, ${columns}) select 'h${i}', ${columns} from tokens where act is not null limit 1`,
    );
  expect((await alice.post(path, publishing())).code).toBe('conflict');
  registry.clock.advance(10 * minute);
  await once(alice, publishing());
  registry.clock.advance(2 * 60 * minute);
  await once(alice, publishing());
  expect(registry.sql('select count(*) as kept from tokens where act is not null')).toEqual([{ kept: 1 }]);
});

describe('where nobody reads without a token', () => {
  test('a token for the owners lists those of that crate without being used up, and no other token for one act does', async () => {
    const registry = await createTestRegistry({ settings: { cargoAuthRequired: true } });
    const [alice, app] = await registry.signUpWithFactor('alice');
    await registry.signUp('bob');
    for (const name of ['tool', 'other'])
      expect(
        (await cargoPublish(await once(alice, publishing({ name }), app.nextCode()), { name })).status,
      ).toBe(200);
    const list = (client: Client, name = 'tool') => client.get(`${crates}/${name}/owners`, asCargo(client));

    const owners = await once(alice, owning, app.nextCode());
    expect((await list(owners)).body.users).toMatchObject([{ login: 'alice' }]);
    expect(isLimited(await list(owners, 'other'))).toBe(true);
    expect((await addOwner(owners)).status).toBe(200);
    expect((await list(owners)).status).toBe(401);
    expect(isLimited(await list(await once(alice, yanking(), app.nextCode())))).toBe(true);
  });
});
