import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { makeOwner } from './support/people.ts';
import { archiveOf, publish } from './support/publishing.ts';
import { stage } from './support/staging.ts';
import { createTestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

interface Vector {
  readonly name: string;
  readonly body: object;
}

const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/preflight/${file}`, import.meta.url), 'utf8'));

const sha256 = createHash('sha256').update(archiveOf()).digest('hex');
const declared = {
  ecosystem: 'npm',
  name: '@acme/tool',
  version: '1.0.0',
  sha256,
  size: archiveOf().byteLength,
};

const preflight = (client: Client, ...changes: object[]) =>
  client.post('/-/pub/v1/preflight', { releases: changes.map((change) => ({ ...declared, ...change })) });

describe('the vectors', () => {
  test('every request to accept is answered, in its order', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    for (const { name, body } of vectors('request-accept.json')) {
      const answer = await alice.post('/-/pub/v1/preflight', body);
      expect([name, answer.status]).toEqual([name, 200]);
      const asked = (body as { releases: { name: string; version: string }[] }).releases;
      const named = answer.body.releases.map(({ name, version }: Record<string, string>) => ({
        name,
        version,
      }));
      expect(named).toEqual(asked.map(({ name, version }) => ({ name, version })));
    }
  });

  test('every request to reject is refused', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const rejected = vectors('request-reject.json');
    expect(rejected.length).toBeGreaterThan(10);
    for (const { name, body } of rejected) {
      const answer = await alice.post('/-/pub/v1/preflight', body);
      expect([name, answer.status, answer.code]).toEqual([name, 400, 'bad_request']);
    }
  });
});

test('says who is asking, what is needed, and what would happen', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const before = await preflight(alice, {});
  expect(before.body).toEqual({
    account: 'alice',
    second_factor: { required: true, enrolled: true, methods: ['totp'] },
    releases: [{ name: '@acme/tool', version: '1.0.0', decision: 'accept' }],
  });
  expect(before.headers['cache-control']).toBe('no-store');
  await publish(alice, {}, { otp: app.code() });
  const after = await preflight(alice, {}, { version: '1.0.1' });
  expect(after.body.releases.map(({ decision }: { decision: string }) => decision)).toEqual([
    'published',
    'accept',
  ]);
  expect((await preflight(alice, {})).body.second_factor.required).toBe(false);
});

test('the bytes of another owner are not mine', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  await publish(alice);
  await makeOwner(alice, bob);
  expect((await preflight(bob, {})).body.releases[0]).toMatchObject({
    decision: 'refuse',
    code: 'version_exists',
  });
});

test('refuses what the upload would refuse, with the same code', async () => {
  const registry = await createTestRegistry({ settings: { maximumArchiveBytes: 5_000 } });
  const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
  const bob = await registry.signUp('bob');
  await publish(alice);
  const codes = async (client: Client, ...changes: object[]) =>
    (await preflight(client, ...changes)).body.releases.map((release: { code?: string }) => release.code);
  const other = { sha256: '0'.repeat(64) };
  expect(await codes(alice, other, { version: '1.0.1', size: 5_001 }, { version: '1.0.2' })).toEqual([
    'version_exists',
    'too_large',
    undefined,
  ]);
  expect(await codes(bob, {}, { version: '1.0.1' }, { name: 'free' })).toEqual([
    'not_owner',
    'not_owner',
    undefined,
  ]);
  await alice.post('/-/package/@acme%2ftool/access', { publish_requires_tfa: true }, { otp: app.code() });
  const required = await preflight(alice, { version: '1.0.1' });
  expect(required.body.second_factor).toEqual({ required: true, enrolled: true, methods: ['totp'] });
  const refused = await preflight(alice, other);
  expect(refused.body.second_factor.required).toBe(false);
  expect(refused.body.releases[0].message).toContain('1.0.0');
});

test('of what is to be staged says what staging would', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const ci = await limitedClient(alice, { scopes: ['stage'] }, app.code());
  const asked = async (...changes: object[]) => {
    const releases = changes.map((change) => ({ ...declared, ...change }));
    const { body } = await ci.post('/-/pub/v1/preflight', { stage: true, releases });
    expect(body.second_factor.required).toBe(false);
    return body.releases.map(({ decision, code }: { decision: string; code?: string }) => code ?? decision);
  };
  expect(await asked({})).toEqual(['accept']);
  expect((await stage(ci)).status).toBe(201);
  const other = { sha256: '0'.repeat(64) };
  expect(await asked({}, { version: '1.0.1' }, { version: '2.0.0', ...other })).toEqual([
    'accept',
    'accept',
    'accept',
  ]);
  expect(await asked(other)).toEqual(['version_exists']);
  await publish(alice, { version: '3.0.0' }, { otp: app.nextCode() });
  const digest = createHash('sha256')
    .update(archiveOf({ version: '3.0.0' }))
    .digest('hex');
  expect(await asked({ version: '3.0.0', sha256: digest })).toEqual(['published']);
  expect(await asked({ version: '4.0.0', access: 'restricted' })).toEqual(['conflict']);
  // It may not publish, and is told so here already.
  const { releases } = (await preflight(ci, { version: '5.0.0' })).body;
  expect(releases).toMatchObject([{ decision: 'refuse', code: 'token_limited' }]);
});

test('refuses to publish in restriction what everybody would read', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  const restricted = { version: '1.0.1', access: 'restricted' };
  const { releases } = (await preflight(alice, restricted, { name: 'new', access: 'restricted' })).body;
  expect(releases).toMatchObject([{ decision: 'refuse', code: 'conflict' }, { decision: 'accept' }]);
});

test('changes nothing, logs nothing and uses no code up', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const otp = app.code();
  const events = await registry.auditEvents();
  const body = { releases: [declared] };
  for (let i = 0; i < 10; i++) await alice.post('/-/pub/v1/preflight', body, { otp });
  for (let i = 0; i < 10; i++) await alice.post('/-/pub/v1/preflight', body, { otp: app.wrongCode() });
  expect(await registry.auditEvents()).toEqual(events);
  expect((await alice.get('/@acme%2ftool')).status).toBe(404);
  expect((await publish(alice, {}, { otp })).status).toBe(201);
});

test('is for those who are logged in', async () => {
  const registry = await createTestRegistry();
  expect((await preflight(registry.anonymous, {})).code).toBe('unauthenticated');
});
