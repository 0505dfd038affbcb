import { readFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Archive } from '../../../../src/ecosystems/ecosystem.ts';
import { planFrom, preflightBody } from '../../../../src/ecosystems/npm/preflight.ts';
import type { PublishRequest, Registry } from '../../../../src/ecosystems/registry.ts';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';
import { sampleArchive } from './sample-archive.ts';

interface Vector {
  readonly name: string;
  readonly body: never;
  readonly plan?: object;
  readonly error?: string;
}

const vectors = (name: string): readonly Vector[] => {
  const list = JSON.parse(readFileSync(`test/vectors/preflight/${name}.json`, 'utf8')) as readonly Vector[];
  expect(list.length).toBeGreaterThan(0);
  return list;
};

const preflight = 'POST /npm/-/pub/v1/preflight';
const packument = 'GET /npm/@acme%2ftool';
const profile = ['GET /npm/-/npm/v1/user', { status: 404 }] as const;
const upload = 'PUT /npm/-/pub/v1/releases/npm/@acme%2ftool/1.0.0?tag=latest';
const accepted = {
  account: 'alice',
  second_factor: { required: true, enrolled: true, methods: ['totp'] },
  releases: [{ name: '@acme/tool', version: '1.0.0', decision: 'accept' }],
};
const nothing = () => {};

async function request(parts: Parameters<typeof sampleArchive>[0] = {}) {
  return { archive: await sampleArchive(parts), tag: 'latest', access: undefined, stage: false };
}

/** What one release's plan says, as the vectors write it; a refusal is thrown. */
async function planOf(registry: Registry, publish: PublishRequest) {
  const { releases, ...rest } = await registry.planPublish(token, [publish]);
  const [release] = releases;
  if (release?.decision === 'refuse') throw release.refusal;
  return { ...rest, alreadyPublished: release?.decision === 'published' };
}

test.each(vectors('answer-accept'))('preflight answer: $name', async ({ body, plan }) => {
  const { registry } = registryWith([preflight, { body }]);
  expect(await planOf(registry, await request())).toEqual(plan);
});

test.each(vectors('answer-reject'))('preflight answer: $name', async ({ body, error }) => {
  const { registry } = registryWith([preflight, { body }]);
  await expect(planOf(registry, await request())).rejects.toMatchObject({ code: error });
});

test.each(vectors('request-accept'))('preflight request: $name', ({ body }) => {
  const { releases, stage = false } = body as {
    readonly stage?: boolean;
    readonly releases: readonly { readonly sha256: string; readonly access?: string }[];
  };
  const requests = releases.map(({ sha256, access, ...release }) => ({
    ...{ archive: { ...release, digests: { sha256 } }, access, stage },
  }));
  expect(preflightBody(requests as unknown as readonly PublishRequest[])).toEqual({
    ...(stage && { stage }),
    releases,
  });
});

test('an answer about two releases is not believed', async () => {
  const { archive } = await request();
  const twice = { ...accepted, releases: [...accepted.releases, ...accepted.releases] };
  expect(() => planFrom(twice, [archive], () => 'failed')).toThrow(
    expect.objectContaining({ code: 'E_REGISTRY' }),
  );
});

test('the preflight carries the token as a bearer and no code', async () => {
  const { registry, sent } = registryWith([preflight, { body: accepted }]);
  const publish = await request();
  await registry.planPublish(token, [publish]);
  expect(sent[0]).toMatchObject({ token: 'pub_token', oneTimePassword: undefined });
  expect(JSON.parse(String(sent[0]?.body))).toEqual(preflightBody([publish]));
  expect(sent[0]?.headers).toMatchObject({ 'npm-command': 'publish', 'npm-auth-type': 'legacy' });
});

test.each([
  ['401', { status: 401, body: { error: 'no', code: 'unauthenticated' } }, 'E_NOT_LOGGED_IN'],
  ['503', { status: 503, body: '<html>' }, 'E_REGISTRY'],
  ['403 with a code', { status: 403, body: { error: 'no', code: 'not_owner' } }, 'E_FORBIDDEN'],
])('a preflight refused with %s is an error, not another dialect', async (_, answer, code) => {
  const { registry } = registryWith([preflight, answer]);
  await expect(planOf(registry, await request())).rejects.toMatchObject({ code });
});

test('pub-registry gets the archive as it is, with its digest', async () => {
  const publish = await request({ bytes: Buffer.alloc(500_000, 7) });
  const { sha256 } = publish.archive.digests;
  const body = { name: '@acme/tool', version: '1.0.0', state: 'published', sha256 };
  const { registry, sent } = registryWith([preflight, { body: accepted }], [upload, { status: 201, body }]);
  await registry.planPublish(token, [publish]);
  const progress: number[] = [];
  await registry.publish(proofs, publish, (bytes) => progress.push(bytes));
  expect(sent[1]?.body.equals(Buffer.alloc(500_000, 7))).toBe(true);
  expect(sent[1]).toMatchObject({ token: 'pub_token', oneTimePassword: '123456' });
  expect(sent[1]?.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  });
  expect(progress.at(-1)).toBe(500_000);
});

test.each([
  ['other bytes', { sha256: '0'.repeat(64) }],
  ['another state', { state: 'staged' }],
])('an upload answered with %s is not a success', async (_, change) => {
  const publish = await request();
  const body = { state: 'published', sha256: publish.archive.digests.sha256, ...change };
  const { registry } = registryWith([preflight, { body: accepted }], [upload, { status: 201, body }]);
  await registry.planPublish(token, [publish]);
  await expect(registry.publish(proofs, publish, nothing)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('a challenge is thrown as one, and the same upload can be repeated', async () => {
  const publish = await request();
  const body = { state: 'published', sha256: publish.archive.digests.sha256 };
  const { registry, sent } = registryWith(
    [preflight, { body: accepted }],
    [upload, challenge],
    [upload, { status: 200, body }],
  );
  await registry.planPublish(token, [publish]);
  await expect(registry.publish({ token }, publish, nothing)).rejects.toBeInstanceOf(SecondFactorRequired);
  await registry.publish(proofs, publish, nothing);
  expect(sent[1]?.body.equals(sent[2]?.body ?? Buffer.alloc(0))).toBe(true);
});

test('a version and a tag cannot leave their place in the URL', async () => {
  const publish = { ...(await request({ version: '1.0.0+a/../b?x' })), tag: 'a&access=public' };
  const answer = { ...accepted, releases: [{ ...accepted.releases[0], version: '1.0.0+a/../b?x' }] };
  const path = '1.0.0%2Ba%2F..%2Fb%3Fx?tag=a%26access%3Dpublic';
  const { registry } = registryWith(
    [preflight, { body: answer }],
    [`PUT /npm/-/pub/v1/releases/npm/@acme%2ftool/${path}`, { status: 400, body: {} }],
  );
  await registry.planPublish(token, [publish]);
  await expect(registry.publish(proofs, publish, nothing)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test.each([
  ['404', { status: 404, body: { error: 'not found' } }],
  ['405', { status: 405 }],
  ['a web page', { status: 200, body: '<!doctype html>' }],
  ['a refusal of its own', { status: 400, body: { error: 'what is this' } }],
])('a registry that answers the preflight with %s is an ordinary one', async (_, answer) => {
  const { registry, sent } = registryWith([preflight, answer], profile, [packument, { status: 404 }]);
  const plan = await planOf(registry, await request());
  expect(plan).toEqual({ account: undefined, secondFactor: 'unknown', alreadyPublished: false });
  expect(sent[2]?.headers['accept']).toContain('application/vnd.npm.install-v1+json');
});

test('an ordinary registry that has exactly this archive needs nothing', async () => {
  const publish = await request();
  const versions = { '1.0.0': { dist: { integrity: publish.archive.digests.integrity } } };
  const { registry } = registryWith([preflight, { status: 404 }], profile, [
    packument,
    { body: { versions } },
  ]);
  expect(await planOf(registry, publish)).toMatchObject({ alreadyPublished: true });
});

test.each([
  [{ dist: { integrity: 'sha512-other' } }, 'with other contents'],
  [{ dist: {} }, 'and the registry does not say what is in it'],
  [{}, 'and the registry does not say what is in it'],
  [null, 'and the registry does not say what is in it'],
])('an ordinary registry that has the version as %j refuses clearly', async (manifest, what) => {
  const body = { versions: { '1.0.0': manifest } };
  const { registry } = registryWith([preflight, { status: 404 }], profile, [packument, { body }]);
  await expect(planOf(registry, await request())).rejects.toMatchObject({
    code: 'E_VERSION_EXISTS',
    cause: new Error(`@acme/tool@1.0.0 is already published, ${what}`),
  });
});

test('a packument that is not JSON is not taken for an unknown package', async () => {
  const { registry } = registryWith([preflight, { status: 404 }], profile, [packument, { body: '<html>' }]);
  await expect(planOf(registry, await request())).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test.each([0, 1, 2, 3, 196_607, 196_608, 400_001])(
  'npm’s document carries an archive of %i bytes',
  async (size) => {
    const bytes = Buffer.alloc(size, 'pub');
    const readme = { fileName: 'README.md', text: 'a readme with "data":"" in it' };
    const publish = {
      ...(await request({
        bytes,
        readme,
        gitHead: 'a'.repeat(40),
        manifest: {
          name: '@acme/tool',
          version: 'v1.0.0',
          bin: './cli.js',
          repository: 'acme/tool',
          _secret: 1,
        },
      })),
      tag: 'next',
      access: 'public' as const,
    };
    const { registry, sent } = registryWith(
      [preflight, { status: 404 }],
      profile,
      [packument, { status: 404 }],
      ['PUT /npm/@acme%2ftool', { status: 201, body: { ok: true } }],
    );
    await registry.planPublish(token, [publish]);
    const progress = [0];
    await registry.publish(proofs, publish, (sentBytes) => progress.push(sentBytes));
    const { digests } = publish.archive;
    expect(progress.at(-1)).toBe(size);
    expect(sent[3]).toMatchObject({ token: 'pub_token', oneTimePassword: '123456' });
    expect(JSON.parse(String(sent[3]?.body))).toEqual({
      _id: '@acme/tool',
      name: '@acme/tool',
      'dist-tags': { next: '1.0.0' },
      access: 'public',
      versions: {
        '1.0.0': {
          _id: '@acme/tool@1.0.0',
          _nodeVersion: process.versions.node,
          _pubVersion: '1.2.3',
          name: '@acme/tool',
          version: '1.0.0',
          bin: { '@acme/tool': undefined, tool: 'cli.js' },
          repository: { type: 'git', url: 'git+https://github.com/acme/tool.git' },
          bugs: { url: 'https://github.com/acme/tool/issues' },
          homepage: 'https://github.com/acme/tool#readme',
          readme: readme.text,
          readmeFilename: 'README.md',
          gitHead: 'a'.repeat(40),
          dist: {
            integrity: digests.integrity,
            shasum: digests.sha1,
            tarball: 'http://registry.example/npm/@acme/tool/-/@acme/tool-1.0.0.tgz',
          },
        },
      },
      _attachments: {
        '@acme/tool-1.0.0.tgz': {
          content_type: 'application/octet-stream',
          data: bytes.toString('base64'),
          length: size,
        },
      },
    });
  },
);

test.each(['pub', 'npm'])(
  'other bytes of the same length are not sent as a success to %s',
  async (dialect) => {
    const publish = await request({ bytes: Buffer.alloc(500_000, 'a') });
    const plan = dialect === 'pub' ? { body: accepted } : { status: 404, body: 'not found' };
    const script =
      dialect === 'pub'
        ? [[preflight, plan] as const]
        : [[preflight, plan] as const, profile, [packument, plan] as const];
    const { registry } = registryWith(...script);
    await registry.planPublish(token, [publish]);
    await writeFile(publish.archive.path, Buffer.alloc(500_000, 'b'));
    await expect(registry.publish(proofs, publish, nothing)).rejects.toMatchObject({ code: 'E_ARCHIVE' });
  },
);

test('an archive that grew after it was packed is not sent as a success', async () => {
  const publish = await request();
  const { registry } = registryWith([preflight, { body: accepted }]);
  await registry.planPublish(token, [publish]);
  await appendFile(publish.archive.path, 'more');
  await expect(registry.publish(proofs, publish, nothing)).rejects.toMatchObject({ code: 'E_ARCHIVE' });
});

test.each<[unknown, unknown]>([
  [
    { name: 'alice', tfa: { mode: 'auth-and-writes', pending: false } },
    { account: 'alice', secondFactor: 'likely' },
  ],
  [{ name: 'alice', tfa: { mode: 'auth-and-writes', pending: true } }, { secondFactor: 'unknown' }],
  [{ name: 'alice', tfa: { mode: 'auth-only' } }, { secondFactor: 'unknown' }],
  [
    { name: 'a\u001b[2J', tfa: false },
    { account: undefined, secondFactor: 'unknown' },
  ],
  ['<html>', { account: undefined, secondFactor: 'unknown' }],
])('a profile of %j says whether a code is likely to be asked for', async (body, plan) => {
  const { registry } = registryWith(
    [preflight, { status: 404 }],
    ['GET /npm/-/npm/v1/user', { body }],
    [packument, { status: 404 }],
  );
  expect(await registry.planPublish(token, [await request()])).toMatchObject(plan as object);
});

const bundleFor = (archive: Archive, change: object = {}) => {
  const sha512 = Buffer.from(archive.digests.integrity.slice('sha512-'.length), 'base64').toString('hex');
  const subject = { name: 'pkg:npm/%40acme/tool@1.0.0', digest: { sha512 }, ...change };
  const payload = Buffer.from(JSON.stringify({ subject: [subject] })).toString('base64');
  return { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', dsseEnvelope: { payload } };
};

test.each(['pub', 'npm'])('provenance goes with the archive to %s, in npm’s document', async (dialect) => {
  const publish = await request();
  const bundle = bundleFor(publish.archive);
  const provenance = JSON.stringify(bundle, null, 2);
  const planned =
    dialect === 'pub'
      ? [[preflight, { body: accepted }] as const]
      : [[preflight, { status: 404 }] as const, profile, [packument, { status: 404 }] as const];
  const { registry, sent } = registryWith(...planned, ['PUT /npm/@acme%2ftool', { status: 201, body: {} }]);
  await registry.planPublish(token, [{ ...publish, provenance }]);
  await registry.publish(proofs, { ...publish, provenance }, nothing);
  const { _attachments } = JSON.parse(String(sent.at(-1)?.body)) as { _attachments: Record<string, object> };
  const text = JSON.stringify(bundle);
  expect(_attachments['@acme/tool-1.0.0.sigstore']).toEqual({
    content_type: bundle.mediaType,
    data: text,
    length: text.length,
  });
  expect(_attachments['@acme/tool-1.0.0.tgz']).toMatchObject({
    data: Buffer.from('archive bytes').toString('base64'),
  });
});

test.each<[string, (archive: Archive) => unknown]>([
  ['is no bundle', () => 'x'],
  ['has no media type', (archive) => ({ ...bundleFor(archive), mediaType: undefined })],
  ['has no statement', (archive) => ({ ...bundleFor(archive), dsseEnvelope: {} })],
  ['is about another version', (archive) => bundleFor(archive, { name: 'pkg:npm/%40acme/tool@1.0.1' })],
  ['is about other bytes', (archive) => bundleFor(archive, { digest: { sha512: '0'.repeat(128) } })],
  ['is about nothing in particular', (archive) => bundleFor(archive, { digest: {} })],
])('provenance that %s is refused before anything is asked or sent', async (_, make) => {
  const publish = await request();
  const { registry } = registryWith();
  const provenance = JSON.stringify(make(publish.archive));
  await expect(registry.planPublish(token, [{ ...publish, provenance }])).rejects.toMatchObject({
    code: 'E_REFUSED',
  });
});
