import { expect, test } from 'vitest';
import { publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';

test('one that was chosen before somebody else’s takes nothing back', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  await publish(alice, { version: '2.0.0' });
  const [first, second] = [
    (await alice.get(`${tool}?write=true`)).body,
    (await alice.get(`${tool}?write=true`)).body,
  ];
  first.versions['1.0.0'].deprecated = 'malware';
  expect((await alice.put(tool, first)).status).toBe(201);
  second.versions['2.0.0'].deprecated = 'old';
  const late = await alice.put(tool, second);
  expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  const { versions } = (await alice.get(tool)).body;
  expect([versions['1.0.0'].deprecated, versions['2.0.0'].deprecated]).toEqual(['malware', undefined]);
  // An answer that was lost: the same again changes nothing, and is no failure.
  expect((await alice.put(tool, first)).status).toBe(201);
});

test('asks for what changes alone, and for nothing where nothing does', async () => {
  const registry = await createTestRegistry();
  const [alice, authenticator] = await registry.signUpWithFactor('alice');
  await publish(alice, {}, { otp: authenticator.code() });
  const invented = Array.from({ length: 500 }, (_, i) => [`${i}.0.0-x`, { deprecated: 'y'.repeat(1_000) }]);
  const headers = { 'npm-auth-type': 'web' };
  const send = (versions: object) =>
    alice.put(tool, { _id: '@acme/tool', name: '@acme/tool', versions }, { headers });
  expect((await send(Object.fromEntries(invented))).status).toBe(201);
  expect(registry.sql('select * from approvals')).toEqual([]);
  const asked = await send({ ...Object.fromEntries(invented), '1.0.0': { deprecated: 'use 2' } });
  expect(asked.status).toBe(401);
  const [{ act = '' } = {}] = registry.sql('select act from approvals') as { act: string }[];
  expect(JSON.parse(act)).toEqual(['deprecate', 'npm:@acme/tool', [['1.0.0', 'use 2']]]);
});
