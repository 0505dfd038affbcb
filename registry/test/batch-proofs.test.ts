import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Authenticator, step } from './support/authenticator.ts';
import { browserAt } from './support/browser-client.ts';
import type { Client } from './support/client.ts';
import { archiveOf, publish, type Release } from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { approveStaged, rejectStaged, sha256Of, staged } from './support/staging.ts';
import { minute } from './support/test-clock.ts';
import { address, createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

interface Vector {
  readonly name: string;
  readonly body: { readonly releases: readonly object[] };
}

const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/batch-proofs/${file}`, import.meta.url), 'utf8'));

const path = '/-/pub/v1/batch-proofs';

const declare = (release: Release) => ({
  ecosystem: 'npm',
  name: release.name ?? '@acme/tool',
  version: release.version ?? '1.0.0',
  sha256: sha256Of(archiveOf(release)),
  size: archiveOf(release).byteLength,
});

const askProof = (client: Client, releases: readonly Release[], otp?: string, headers = {}) =>
  client.post(path, { releases: releases.map(declare) }, { otp, headers });

const a: Release = { name: '@acme/a' };
const b: Release = { name: '@acme/b', version: '2.0.0' };
const c: Release = { name: '@acme/c' };

async function withProof(releases = [a, b]): Promise<[TestRegistry, Client, Authenticator, string]> {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const answer = await askProof(alice, releases, app.code());
  expect(answer.status, answer.text).toBe(201);
  return [registry, alice, app, answer.body.proof];
}

const releasesOf = (registry: TestRegistry) => registry.sql('select factor from releases').length;

describe('the vectors', () => {
  test('every request to accept gets a proof for what it lists', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    for (const { name, body } of vectors('request-accept.json')) {
      const answer = await alice.post(path, body, { otp: app.nextCode() });
      expect([name, answer.status]).toEqual([name, 201]);
      expect(Object.keys(answer.body).sort()).toEqual(['expires', 'proof']);
    }
  });

  test('every request to reject is refused, and the code stays usable', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const rejected = vectors('request-reject.json');
    expect(rejected.length).toBeGreaterThan(5);
    for (const { name, body } of rejected) {
      const answer = await alice.post(path, body, { otp: app.code() });
      expect([name, answer.status, answer.code]).toEqual([name, 400, 'bad_request']);
    }
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
  });

  test('the answers to accept are shaped as ours is', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const ours = (await askProof(alice, [a], app.code())).body;
    for (const { body } of vectors('answer-accept.json')) {
      expect(Object.keys(body).sort()).toEqual(Object.keys(ours).sort());
      expect(body).toEqual({
        proof: expect.stringMatching(/^[0-9a-f]{64}$/),
        expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
    }
  });
});

describe('a proof for many releases', () => {
  test('publishes each of them once, over either protocol, and leaves no trace of itself', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    expect((await askProof(alice, [a, b])).code).toBe('otp_required');
    const answer = await askProof(alice, [a, b], app.code());
    const { proof: otp, expires } = answer.body;
    expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(otp).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(expires)).toBe(registry.clock.now + 30 * minute);
    expect((await publish(alice, a, { otp, via: 'pub' })).status).toBe(201);
    expect((await publish(alice, b, { otp, via: 'npm' })).status).toBe(201);
    expect(registry.sql('select factor from releases')).toEqual([{ factor: 'totp' }, { factor: 'totp' }]);
    expect(registry.bytesAtRest()).not.toContain(otp);
    expect(await registry.auditEvents()).toContain('approval:granted alice alice');
    // The code itself is used up.
    expect((await publish(alice, c, { otp: app.code() })).code).toBe('otp_refused');
  });

  test('is refused for other bytes, another version, another package, and a second time', async () => {
    const [registry, alice, , otp] = await withProof();
    const limits = () => registry.sql('delete from attempts');
    const others: Release[] = [{ ...a, files: { 'index.js': 'other' } }, { ...a, version: '1.0.1' }, c];
    for (const release of others) {
      for (const via of ['npm', 'pub'] as const)
        expect((await publish(alice, release, { otp, via })).code).toBe('otp_refused');
      limits();
    }
    expect(releasesOf(registry)).toBe(0);
    await publish(alice, a, { otp });
    // As if the version had become free again: the use is what counts, not the version.
    registry.sql('delete from release_summaries; delete from releases; delete from tags');
    expect((await publish(alice, a, { otp })).code).toBe('otp_refused');
    expect((await publish(alice, b, { otp })).status).toBe(201);
  });

  test('is worth nothing to another account', async () => {
    const [registry, , , otp] = await withProof();
    const [mallory] = await registry.signUpWithFactor('mallory');
    expect((await publish(mallory, a, { otp })).code).toBe('otp_refused');
    expect((await askProof(mallory, [a, b], otp)).code).toBe('otp_refused');
  });

  test('does nothing but publish: no approval of a stage, no owner, no token, no tag, no factor', async () => {
    const [registry, alice, app, otp] = await withProof([a, { name: '@acme/tool', version: '9.9.9' }]);
    await publish(alice, {}, { otp: app.nextCode() });
    await registry.signUp('bob');
    const id = await staged(alice, { version: '9.9.9' });
    const json = { 'content-type': 'application/json' };
    registry.sql('create trigger no_waiting after insert on attempts begin delete from attempts; end');
    const refused = [
      await approveStaged(alice, id, otp),
      await rejectStaged(alice, id, otp),
      await alice.put('/-/package/@acme%2ftool/owners', { user: 'bob' }, { otp }),
      await alice.post('/-/package/@acme%2ftool/access', { publish_requires_tfa: true }, { otp }),
      await alice.put('/-/package/@acme%2ftool/dist-tags/a', '"1.0.0"', { otp, headers: json }),
      await alice.post('/-/pub/v1/tokens', { name: 'x', password: goodPassword, scopes: ['read'] }, { otp }),
      await registry.logIn('alice', { otp }),
    ];
    expect(refused.map(({ code }) => code)).toEqual(Array(7).fill('otp_refused'));
    expect(registry.sql('select state from releases order by id').map(({ state }) => state)).toEqual([
      'published',
      'staged',
    ]);
  });

  test('counts once for a release that is sent twice at once, to two servers', async () => {
    const [registry, alice, , otp] = await withProof();
    const other = await registry.another();
    const answers = await registry.behindLock(
      async () =>
        await Promise.all([publish(alice, a, { otp }), publish(alice.from({ app: other.app }), a, { otp })]),
      async () => {},
    );
    // The second is a repetition of the first, or found its use taken.
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    expect(registry.sql('select * from approval_uses')).toHaveLength(1);
    expect(
      (await registry.auditEvents()).filter((event) => event.startsWith('release:published')),
    ).toHaveLength(1);
  });

  test('is over after thirty minutes, also for an upload that began before', async () => {
    const [registry, alice, , otp] = await withProof([a, b, c]);
    registry.clock.advance(30 * minute - 1);
    expect((await publish(alice, a, { otp })).status).toBe(201);
    const slow = await beginUpload(alice, b, { otp });
    registry.clock.advance(1);
    expect((await slow.finish()).code).toBe('otp_refused');
    expect((await publish(alice, c, { otp })).code).toBe('otp_refused');
    registry.clock.advance(2 * 60 * minute);
    const app = await registry.signUpWithFactor('bob');
    expect((await askProof(app[0], [{ name: 'x' }], app[1].code())).status).toBe(201);
    expect(registry.sql('select * from approval_uses')).toEqual([]);
  });

  test('ends with the password, the token it was asked with, and the factor', async () => {
    const [registry, alice, app, otp] = await withProof([a, b, c]);
    const changed = await alice.post(
      '/-/npm/v1/user',
      { password: { old: goodPassword, new: 'a battery of correct horses' } },
      { otp: app.nextCode() },
    );
    expect(changed.status, changed.text).toBe(200);
    expect((await publish(alice, a, { otp })).code).toBe('otp_refused');
    expect(releasesOf(registry)).toBe(0);
  });

  test('that ends while an upload of it is under way publishes nothing', async () => {
    const [registry, alice, , otp] = await withProof();
    const slow = await beginUpload(alice, a, { otp });
    registry.sql(`update approvals set expires_at = ${registry.clock.now}`);
    expect((await slow.finish()).code).toBe('otp_refused');
    expect(registry.sql('select * from approval_uses')).toEqual([]);
    expect(releasesOf(registry)).toBe(0);
  });

  test('stays good for a release whose upload failed', async () => {
    const [, alice, , otp] = await withProof();
    expect((await publish(alice, a, { otp, via: 'pub', archive: Buffer.from('cut off') })).code).toBe(
      'otp_refused',
    );
    expect((await publish(alice, a, { otp })).status).toBe(201);
  });

  test('forgives no wrong codes that are sent between two uses of it', async () => {
    const [, alice, app, otp] = await withProof();
    const guesses: (string | undefined)[] = [];
    for (let i = 0; i < 6; i += 1) {
      await publish(alice, { ...a, version: '7.7.7' }, { otp: app.wrongCode() });
      // Right, and never used up: its archive is another one.
      const shown = await beginUpload(alice, a, { otp });
      guesses.push((await Promise.race([shown.answer, Promise.resolve(undefined)]))?.code);
      await shown.finish();
    }
    expect((await publish(alice, c, { otp: app.wrongCode() })).code).toBe('otp_throttled');
  });
});

describe('who gets one', () => {
  test('nobody without a factor, without a right to publish, or for a version that is taken', async () => {
    const registry = await createTestRegistry();
    const bob = await registry.signUp('bob');
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(bob, { name: 'taken' });
    expect((await askProof(bob, [a])).code).toBe('factor_not_enrolled');
    expect((await askProof(registry.anonymous, [a])).code).toBe('unauthenticated');
    const refused = await askProof(alice, [a, { name: 'taken' }], app.code());
    expect([refused.code, refused.body.message]).toEqual([
      'not_owner',
      expect.stringContaining('taken@1.0.0'),
    ]);
    await publish(alice, { name: 'tool' }, { otp: app.code() });
    expect((await askProof(alice, [a, { name: 'tool' }], app.nextCode())).code).toBe('version_exists');
    expect((await askProof(alice, [a], app.wrongCode())).code).toBe('otp_refused');
    expect((await askProof(alice, [a], app.recoveryCodes[0])).code).toBe('otp_refused');
    expect(registry.sql('select * from approvals')).toEqual([]);
  });

  test('a limited token for its own packages only', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const ci = await limitedClient(alice, { scopes: ['publish'], packages: ['@acme/a'] });
    const stager = await limitedClient(alice, { scopes: ['stage'] });
    const app = await registry.enrol(alice);
    expect((await askProof(ci, [a, b], app.code())).code).toBe('token_limited');
    expect((await askProof(stager, [a], app.code())).code).toBe('token_limited');
    expect((await askProof(ci, [a], app.code())).status).toBe(201);
  });

  test('an account that is asked for codes at logins only proves itself with one', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    expect((await askProof(alice, [a])).code).toBe('otp_required');
    expect((await askProof(alice, [a], app.code())).status).toBe(201);
  });
});

describe('in a browser', () => {
  async function approveIn(registry: TestRegistry, app: Authenticator, url: string) {
    const browser = browserAt(registry.app);
    const next = await browser.submit(await browser.open('/-/web/log-in'), {
      name: 'alice',
      password: goodPassword,
    });
    await browser.submit(next, { code: app.nextCode() });
    const page = await browser.open(url.replace(address, ''));
    await browser.submit(page, { code: app.nextCode() }, 'Approve');
    return page.words.replaceAll(/(?<=[0-9a-f]{8}) /g, '');
  }
  const headers = { 'npm-auth-type': 'web' };

  test('one page lists every release that needs a code, with its digest, and its proof is good for each', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, { name: 'done' }, { otp: app.code() });
    const releases = [a, b, { name: 'done' }].map(declare);
    const { body } = await alice.post('/-/pub/v1/preflight', { browser: true, releases }, { headers });
    const { auth_url, done_url } = body.second_factor.approval;
    const words = await approveIn(registry, app, auth_url);
    expect(words).toContain('Publish 2 releases?');
    for (const release of [a, b]) expect(words).toContain(sha256Of(archiveOf(release)));
    expect(words).toContain('@acme/b@2.0.0');
    expect(words).not.toContain('done@');
    registry.clock.advance(20 * minute);
    const { token: otp } = (await alice.get(done_url.replace(address, ''))).body;
    expect((await publish(alice, b, { otp })).status).toBe(201);
    expect((await publish(alice, c, { otp })).code).toBe('otp_refused');
    expect((await publish(alice, a, { otp })).status).toBe(201);
    expect((await publish(alice, b, { otp, via: 'pub' })).status).toBe(200);
  });

  test('a request for a proof leads there too, and is answered with the proof that was approved', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const asked = await askProof(alice, [a, b], undefined, headers);
    expect(asked.status).toBe(401);
    await approveIn(registry, app, asked.body.authUrl);
    const { token: otp } = (await alice.get(asked.body.doneUrl.replace(address, ''))).body;
    const answer = await askProof(alice, [a, b], otp);
    expect([answer.status, answer.body.proof]).toEqual([201, otp]);
    expect((await askProof(alice, [a, b, c], otp)).code).toBe('otp_refused');
    for (const release of [a, b]) expect((await publish(alice, release, { otp })).status).toBe(201);
  });

  test('what is not approved within ten minutes is no longer asked, and what is denied gives no proof', async () => {
    const registry = await createTestRegistry();
    const [alice] = await registry.signUpWithFactor('alice');
    const asked = await askProof(alice, [a, b], undefined, headers);
    registry.clock.advance(10 * minute + step);
    expect((await alice.get(asked.body.doneUrl.replace(address, ''))).status).toBe(404);
  });
});
