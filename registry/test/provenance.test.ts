import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { archiveOf, manifestOf, npmDocument, pathOf, type Release } from './support/publishing.ts';
import { approveStaged } from './support/staging.ts';
import { createTestRegistry } from './support/test-registry.ts';

const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const predicateType = 'https://slsa.dev/provenance/v1';

interface Statement {
  readonly _type: string;
  readonly subject: readonly unknown[];
  readonly predicateType: string;
  readonly predicate: object;
}

const sha512 = (release: Release) => createHash('sha512').update(archiveOf(release)).digest('hex');

/** What npm makes for a release; `change` bends it. */
function bundleFor(
  release: Release,
  change: { statement?: Partial<Statement>; envelope?: object; bundle?: object } = {},
) {
  const { name, version } = manifestOf(release);
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: `pkg:npm/${name.replace('@', '%40')}@${version}`, digest: { sha512: sha512(release) } },
    ],
    predicateType,
    predicate: { buildDefinition: {} },
    ...change.statement,
  };
  return JSON.stringify({
    mediaType,
    verificationMaterial: { certificate: { rawBytes: 'AA==' }, tlogEntries: [] },
    dsseEnvelope: {
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: 'AA==', keyid: '' }],
      ...change.envelope,
    },
    ...change.bundle,
  });
}

async function publishWith(client: Client, bundle: string, release: Release = {}) {
  const manifest = manifestOf(release);
  const document = npmDocument(manifest, archiveOf(release));
  document._attachments[`${manifest.name}-${manifest.version}.sigstore`] = {
    content_type: mediaType,
    data: bundle,
    length: bundle.length,
  };
  return await client.put(pathOf(manifest.name), document);
}

describe('provenance', () => {
  test.each([['@acme/tool'], ['tool']])(
    'of %s is kept, named in both packuments, and served',
    async (name) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      const release = { name };
      const bundle = bundleFor(release);
      const published = await publishWith(alice, bundle, release);
      expect(published.status, published.text).toBe(201);

      for (const accept of ['application/json', 'application/vnd.npm.install-v1+json']) {
        const { body } = await registry.anonymous.get(pathOf(name), { headers: { accept } });
        expect(body.versions['1.0.0'].dist.attestations).toEqual({
          url: `http://registry.example/-/npm/v1/attestations${pathOf(name)}@1.0.0`,
          provenance: { predicateType },
        });
      }
      // As npm asks, as pnpm does, and with everything encoded.
      for (const spec of [
        `${pathOf(name).slice(1)}@1.0.0`,
        `${name}@1.0.0`,
        encodeURIComponent(`${name}@1.0.0`),
      ]) {
        const { status, body } = await registry.anonymous.get(`/-/npm/v1/attestations/${spec}`);
        expect([spec, status]).toEqual([spec, 200]);
        expect(body).toEqual({ attestations: [{ predicateType, bundle: JSON.parse(bundle) }] });
      }
    },
  );

  test('of a release that has none, or that is not there, is not found', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const plain = npmDocument(manifestOf({}), archiveOf({}));
    expect((await alice.put('/@acme%2ftool', plain)).status).toBe(201);
    const packument = (await registry.anonymous.get('/@acme%2ftool')).body;
    expect(packument.versions['1.0.0'].dist).not.toHaveProperty('attestations');
    for (const spec of ['@acme%2ftool@1.0.0', '@acme%2ftool@2.0.0', 'other@1.0.0'])
      expect((await registry.anonymous.get(`/-/npm/v1/attestations/${spec}`)).code).toBe('not_found');
  });

  test('comes along with a staged release, and is served once that is approved', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const document = npmDocument(manifestOf({}), archiveOf({}));
    const bundle = bundleFor({});
    document._attachments['a.sigstore'] = { content_type: mediaType, data: bundle, length: bundle.length };
    const { stageId } = (await alice.post('/-/stage/package/@acme%2ftool', document)).body;
    const path = '/-/npm/v1/attestations/@acme%2ftool@1.0.0';
    expect((await alice.get(path)).code).toBe('not_found');
    expect((await approveStaged(alice, stageId, app.nextCode())).status).toBe(201);
    expect((await registry.anonymous.get(path)).body.attestations).toHaveLength(1);
  });

  test('of a restricted package is for its people', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const document = npmDocument(manifestOf({}), archiveOf({}), { access: 'restricted' });
    const bundle = bundleFor({});
    document._attachments['a.sigstore'] = { content_type: mediaType, data: bundle, length: bundle.length };
    expect((await alice.put('/@acme%2ftool', document)).status).toBe(201);
    const path = '/-/npm/v1/attestations/@acme%2ftool@1.0.0';
    expect((await alice.get(path)).status).toBe(200);
    expect((await registry.anonymous.get(path)).code).toBe('not_found');
  });

  const other = { name: 'pkg:npm/%40acme/other@1.0.0', digest: { sha512: sha512({}) } };
  const own = { ...other, name: 'pkg:npm/%40acme/tool@1.0.0' };
  const statements: Record<string, Partial<Statement>> = {
    'speaks of another package': { subject: [other] },
    'speaks of another version': { subject: [{ ...own, name: 'pkg:npm/%40acme/tool@1.0.1' }] },
    'speaks of another archive': { subject: [{ ...own, digest: { sha512: '0'.repeat(128) } }] },
    'speaks of a digest of another kind': { subject: [{ ...own, digest: { sha256: sha512({}) } }] },
    'speaks of more than one archive': { subject: [own, other] },
    'speaks of nothing': { subject: [] },
    'is no provenance': { predicateType: 'https://example.org/other' },
    'is no statement': { _type: 'https://example.org/Statement' },
  };
  const bundles: Record<string, string> = {
    'is no JSON': '{',
    'is no object': '[]',
    'holds no statement': '{}',
    'holds something else': bundleFor({}, { envelope: { payloadType: 'text/plain' } }),
    'holds no JSON': bundleFor({}, { envelope: { payload: 'e30' } }),
    'is not signed': bundleFor({}, { envelope: { signatures: [] } }),
    'is too large': bundleFor({}, { bundle: { padding: 'x'.repeat(256 * 1024) } }),
    ...Object.fromEntries(
      Object.entries(statements).map(([name, statement]) => [name, bundleFor({}, { statement })]),
    ),
  };
  test.each(Object.entries(bundles))(
    'that %s is refused, and nothing is published',
    async (_name, bundle) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      const answer = await publishWith(alice, bundle);
      expect([answer.status, answer.code]).toEqual([400, 'bad_attestation']);
      expect((await registry.anonymous.get('/@acme%2ftool')).code).toBe('not_found');
      expect(registry.sql('select * from attestations')).toEqual([]);
    },
  );
});
