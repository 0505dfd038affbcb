import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSigningKeys, type PublicKey, replaceSigningKey } from '../src/releases/signing-keys.ts';
import { createTestRegistry, place } from './support/test-registry.ts';

function keyFile(): string {
  const folder = mkdtempSync(join(place, 'pub-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'signing-keys');
}

function isGood(message: string, sig: string, { spki }: PublicKey): boolean {
  const key = createPublicKey(`-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`);
  return verify('sha256', Buffer.from(message), key, Buffer.from(sig, 'base64'));
}

const now = Date.parse('2026-01-01T00:00:00.000Z');

test('the first key is made once, for the registry alone, and signs what only its public part verifies', () => {
  const file = keyFile();
  const keys = openSigningKeys(file);
  expect(statSync(file).mode & 0o077).toBe(0);
  const [current, ...others] = keys.list();
  expect(others).toEqual([]);
  expect(openSigningKeys(file).list()).toEqual([current]);
  const { keyid, sig } = keys.sign('tool@1.0.0:sha512-x');
  expect(keyid).toBe(current?.id);
  expect(keyid).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(isGood('tool@1.0.0:sha512-x', sig, current as PublicKey)).toBe(true);
  expect(isGood('tool@1.0.1:sha512-x', sig, current as PublicKey)).toBe(false);
});

test('a replaced key is kept with its end, and its private part is gone', () => {
  const file = keyFile();
  const keys = openSigningKeys(file);
  const before = readFileSync(file, 'utf8');
  const old = keys.sign('a');
  replaceSigningKey(file, now, { keep: true });
  replaceSigningKey(file, now + 1, { keep: true });
  const [current, second, first] = keys.list();
  expect([current?.expires, second?.expires, first?.expires]).toEqual([
    null,
    '2026-01-01T00:00:00.001Z',
    '2026-01-01T00:00:00.000Z',
  ]);
  expect(first?.id).toBe(old.keyid);
  expect(isGood('a', old.sig, first as PublicKey)).toBe(true);
  expect(keys.sign('a').keyid).toBe(current?.id);
  expect(readFileSync(file, 'utf8')).not.toContain(before.split('\n')[0]?.split(' ')[1]);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readdirSync(join(file, '..'))).toEqual(['signing-keys']);
});

const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const otherCurve = p384.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

test.each([
  ['nothing', ''],
  ['nonsense', 'nonsense\n'],
  ['a key on another curve', `private ${otherCurve}\n`],
])('a file with %s in it is refused, and is not written over', (_name, text) => {
  const file = keyFile();
  writeFileSync(file, text);
  expect(() => openSigningKeys(file).sign('a')).toThrow(/signing key file/);
  expect(() => replaceSigningKey(file, now, { keep: true })).toThrow(/signing key file/);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('an earlier key that cannot be read is no reason to go on without it', () => {
  const file = keyFile();
  openSigningKeys(file);
  writeFileSync(file, `${readFileSync(file, 'utf8')}public x never\n`);
  expect(() => openSigningKeys(file).list()).toThrow('the signing key file is malformed');
});

test('the public keys are served in the shape npm reads', async () => {
  const registry = await createTestRegistry();
  const { body, status } = await registry.anonymous.get('/-/npm/v1/keys');
  expect(status).toBe(200);
  const [{ id, spki }] = registry.services.signingKeys.list() as [PublicKey];
  const algorithm = 'ecdsa-sha2-nistp256';
  expect(body).toEqual({
    keys: [{ keyid: id, keytype: algorithm, scheme: algorithm, expires: null, key: spki }],
  });
});
