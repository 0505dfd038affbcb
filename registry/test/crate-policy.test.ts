import { expect, test } from 'vitest';
import { cargoPublish } from './support/crates.ts';
import { createTestRegistry } from './support/test-registry.ts';

const crate = '/-/pub/v1/packages/cargo/tool';

test('a crate is given a maintainer and a requirement, and an npm package of its name has neither', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const [bob] = await registry.signUpWithFactor('bob');
  await cargoPublish(alice);
  const app = await registry.enrol(alice);
  const code = async () => ({ otp: await app.nextCode() });
  const invited = await alice.put(`${crate}/owners`, { user: 'bob', role: 'maintainer' }, await code());
  expect([invited.status, invited.body]).toEqual([200, { ok: true, invited: true }]);
  expect((await bob.get('/-/pub/v1/invitations')).body.invitations).toMatchObject([
    { ecosystem: 'cargo', package: 'tool', role: 'maintainer' },
  ]);
  const required = await alice.post(`${crate}/access`, { publish_requires_tfa: true }, await code());
  expect(required.body).toMatchObject({ publish_requires_tfa: true });
  expect((await alice.get('/-/package/tool/access')).code).toBe('not_found');
});

test('a stranger changes neither, and an ecosystem nobody knows has no packages', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const mallory = await registry.signUp('mallory');
  await cargoPublish(alice);
  const requirement = { publish_requires_tfa: true };
  expect((await mallory.post(`${crate}/access`, requirement)).code).toBe('not_owner');
  const owner = { user: 'mallory', role: 'owner' };
  expect((await mallory.put(`${crate}/owners`, owner)).code).toBe('not_owner');
  const unknown = await alice.post('/-/pub/v1/packages/gems/tool/access', requirement);
  expect(unknown.status).toBeGreaterThanOrEqual(400);
});
