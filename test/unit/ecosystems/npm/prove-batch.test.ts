import { expect, test } from 'vitest';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { Secret } from '../../../../src/secret.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';
import { sampleArchive } from './sample-archive.ts';

const preflight = 'POST /npm/-/pub/v1/preflight';
const batchProofs = 'POST /npm/-/pub/v1/batch-proofs';

async function requests() {
  const release = { tag: 'latest', access: undefined, stage: false };
  return [
    { ...release, archive: await sampleArchive({ name: '@acme/a' }) },
    { ...release, archive: await sampleArchive({ name: '@acme/b' }) },
  ];
}

const planned = {
  account: 'alice',
  second_factor: { required: true, enrolled: true, methods: ['totp'] },
  releases: [
    { name: '@acme/a', version: '1.0.0', decision: 'accept' },
    { name: '@acme/b', version: '1.0.0', decision: 'refuse', code: 'not_owner', message: 'no' },
  ],
};

test('several releases are declared in one question, and each has its own answer', async () => {
  const { registry } = registryWith([preflight, { body: planned }]);
  const plan = await registry.planPublish(token, await requests());
  expect(plan).toMatchObject({
    account: 'alice',
    secondFactor: true,
    releases: [
      { decision: 'accept' },
      {
        decision: 'refuse',
        refusal: { code: 'E_FORBIDDEN', message: expect.stringContaining('`@acme/b@1.0.0`') },
      },
    ],
  });
});

test.each([
  ['in another order', [...planned.releases].reverse()],
  ['about one only', planned.releases.slice(0, 1)],
  ['about a third too', [...planned.releases, planned.releases[0]]],
])('an answer %s is not believed', async (_, releases) => {
  const { registry } = registryWith([preflight, { body: { ...planned, releases } }]);
  await expect(registry.planPublish(token, await requests())).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('a code becomes one proof for exactly these releases', async () => {
  const proof = 'a1'.repeat(32);
  const { registry, sent } = registryWith(
    [preflight, { body: planned }],
    [batchProofs, { status: 201, body: { proof, expires: '2026-11-24T12:00:00.000Z' } }],
  );
  const all = await requests();
  await registry.planPublish(token, all);
  expect((await registry.proveBatch(proofs, all))?.expose()).toBe(proof);
  expect(sent[1]).toMatchObject({ token: 'pub_token', oneTimePassword: '123456' });
  expect(JSON.parse(String(sent[1]?.body))).toEqual({
    releases: all.map(({ archive: { name, version, size, digests } }) => ({
      ...{ ecosystem: 'npm', name, version, size, sha256: digests.sha256 },
    })),
  });
});

test('what a browser gave is such a proof already, and is not sent to be exchanged', async () => {
  const { registry } = registryWith([preflight, { body: planned }]);
  const all = await requests();
  await registry.planPublish(token, all);
  const fromBrowser = new Secret('b2'.repeat(32));
  expect(await registry.proveBatch({ token, oneTimePassword: fromBrowser }, all)).toBe(fromBrowser);
});

test.each([{}, { proof: 7 }, { proof: 'short' }, { proof: `${'a'.repeat(63)}\n` }])(
  'an answer of %j gives no proof',
  async (body) => {
    const { registry } = registryWith([preflight, { body: planned }], [batchProofs, { status: 201, body }]);
    const all = await requests();
    await registry.planPublish(token, all);
    await expect(registry.proveBatch(proofs, all)).rejects.toMatchObject({ code: 'E_REGISTRY' });
  },
);

test('a wrong code is a challenge', async () => {
  const { registry } = registryWith([preflight, { body: planned }], [batchProofs, challenge]);
  const all = await requests();
  await registry.planPublish(token, all);
  await expect(registry.proveBatch(proofs, all)).rejects.toBeInstanceOf(SecondFactorRequired);
});

test('an ordinary registry has no such proof, and is not asked for one', async () => {
  const { registry } = registryWith(
    [preflight, { status: 404 }],
    ['GET /npm/-/npm/v1/user', { status: 404 }],
    ['GET /npm/@acme%2fa', { status: 404 }],
    ['GET /npm/@acme%2fb', { status: 404 }],
  );
  const all = await requests();
  await registry.planPublish(token, all);
  expect(await registry.proveBatch(proofs, all)).toBeUndefined();
});
