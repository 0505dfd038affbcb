import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { rotateSigningKey } from '../src/releases/rotate-signing-key.ts';
import { sealEarlier } from '../src/releases/seal-earlier.ts';
import { replaceSigningKey } from '../src/releases/signing-keys.ts';
import { foldersIn } from '../src/wiring.ts';
import { publish } from './support/publishing.ts';
import { approveStaged, staged } from './support/staging.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';
const abbreviated = { headers: { accept: 'application/vnd.npm.install-v1+json' } };

/** Verifies as npm's client does: each signature, with the served key of its id, that was good when it was published. */
async function verdicts(registry: TestRegistry): Promise<Record<string, string>> {
  const { keys } = (await registry.anonymous.get('/-/npm/v1/keys')).body;
  const { versions, time, name } = (await registry.anonymous.get(tool)).body;
  const short = (await registry.anonymous.get(tool, abbreviated)).body.versions;
  return Object.fromEntries(
    Object.keys(versions).map((version) => {
      const { dist } = versions[version];
      expect(short[version].dist).toEqual(dist);
      if (dist.signatures === undefined) return [version, 'unsigned'];
      expect(dist.signatures).toHaveLength(1);
      const [{ keyid, sig }] = dist.signatures;
      const key = keys.find((each: { keyid: string }) => each.keyid === keyid);
      if (key === undefined) return [version, 'unknown key'];
      if (key.expires !== null && Date.parse(time[version]) >= Date.parse(key.expires))
        return [version, 'expired key'];
      const pem = `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`;
      const message = Buffer.from(`${name}@${version}:${dist.integrity}`);
      const good = verify('sha256', message, createPublicKey(pem), Buffer.from(sig, 'base64'));
      return [version, good ? `good, key ${keys.indexOf(key)}` : 'bad'];
    }),
  );
}

const rotate = (registry: TestRegistry, compromised = false) =>
  rotateSigningKey(registry.services, {
    compromised,
    replaceKey: (ended) =>
      replaceSigningKey(foldersIn(registry.data).signingKeys, ended, { keep: !compromised }),
  });

test('every published version is signed, from the moment it is there', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  await publish(alice, { version: '1.0.1' }, { via: 'pub' });
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 0', '1.0.1': 'good, key 0' });
});

test('a signature is of one name, version and integrity', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  await publish(alice, { version: '1.0.1' });
  // As somebody could who has the database and not the key.
  registry.sql(`update releases set entry = replace(entry, 'sha512-', 'sha512-A'),
    short_entry = replace(short_entry, 'sha512-', 'sha512-A') where version = '1.0.1'`);
  await alice.put('/-/package/@acme%2ftool/dist-tags/next', '"1.0.0"', {
    headers: { 'content-type': 'application/json' },
  });
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 0', '1.0.1': 'bad' });
});

test('what was signed before a rotation stays good, and what comes after is signed with the new key', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  // In the same millisecond, as far as this clock can tell.
  await rotate(registry);
  registry.clock.advance(1);
  await publish(alice, { version: '1.0.1' });
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 1', '1.0.1': 'good, key 0' });
});

test('after a theft no earlier key is served, and every release is signed with the new one', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  await rotate(registry);
  registry.clock.advance(1);
  await publish(alice, { version: '1.0.1' });
  await rotate(registry, true);
  expect((await registry.anonymous.get('/-/npm/v1/keys')).body.keys).toHaveLength(1);
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 0', '1.0.1': 'good, key 0' });
});

test('versions from before there was a key are signed once, and nothing else about them changes', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  const signed = (await registry.anonymous.get(tool)).body;
  registry.sql(`update releases set signed_by = null, entry = json_remove(entry, '$.dist.signatures'),
    short_entry = json_remove(short_entry, '$.dist.signatures')`);
  await sealEarlier(registry.services);
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 0' });
  const sealed = (await registry.anonymous.get(tool)).body;
  for (const { versions } of [signed, sealed]) versions['1.0.0'].dist.signatures = [];
  expect(sealed.versions).toEqual(signed.versions);

  const again = (await registry.anonymous.get(tool)).body._rev;
  await sealEarlier(registry.services);
  expect((await registry.anonymous.get(tool)).body._rev).toBe(again);
});

test('what waits for approval is signed when it is approved, and not before', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const id = await staged(alice);
  const [row] = registry.sql('select signed_by, entry from releases');
  expect([row.signed_by, JSON.parse(row.entry).dist.signatures]).toEqual([null, undefined]);
  // Whatever else happens to the package meanwhile.
  await publish(alice, { version: '1.0.1' }, { otp: app.nextCode() });
  expect(registry.sql("select signed_by from releases where version = '1.0.0'")).toEqual([
    { signed_by: null },
  ]);
  await rotate(registry);
  registry.clock.advance(1);
  expect((await approveStaged(alice, id, app.nextCode())).status).toBe(201);
  expect(await verdicts(registry)).toEqual({ '1.0.0': 'good, key 0', '1.0.1': 'good, key 1' });
});
