import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awaitVisible } from '../../../../src/ecosystems/cargo/await-visible.ts';
import { IndexClient } from '../../../../src/ecosystems/cargo/index-client.ts';
import { readCrate } from '../../../../src/ecosystems/cargo/read-crate.ts';
import { createCargoRegistry } from '../../../../src/ecosystems/cargo/registry.ts';
import { createNpmRegistry } from '../../../../src/ecosystems/npm/registry.ts';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { Secret } from '../../../../src/secret.ts';
import { crateArchive, sampleManifest } from '../../../support/crate-archives.ts';
import { type ScriptedAnswer, scriptedTransport } from '../../../support/scripted-transport.ts';
import { folderWith } from '../npm/temporary-folder.ts';

type Script = readonly (readonly [call: string, answer: ScriptedAnswer])[];

const token = new Secret('the-token');
const proofs = { token, oneTimePassword: undefined };
const ordinary = 'sparse+https://index.example/';
const ours = 'sparse+https://registry.example/cargo/index/';

function registryAt(url: string, ...script: Script) {
  const transport = scriptedTransport(...script);
  onTestFinished(() => transport.assertAllUsed());
  const target = { name: undefined, url, chosenBy: 'a test' };
  const pubRegistry = (base: string) =>
    createNpmRegistry({ target: { ...target, url: base }, transport, clientVersion: '1.0.0' });
  return {
    registry: createCargoRegistry({ target, transport, browser: false, pubRegistry }),
    index: new IndexClient(target, transport),
    sent: transport.sent,
  };
}

const config = (body: object = {}): Script[number] => [
  'GET /config.json',
  { body: { dl: 'https://index.example/dl', api: 'https://api.example', ...body } },
];
const ourConfig: Script[number] = [
  'GET /cargo/index/config.json',
  { body: { dl: 'https://registry.example/cargo/dl', api: 'https://registry.example/cargo' } },
];
const absent: ScriptedAnswer = { status: 404, body: '' };
const line = (changes: object = {}) =>
  `${JSON.stringify({ name: 'sample', vers: '1.0.0', deps: [], cksum: 'f'.repeat(64), features: {}, yanked: false, ...changes })}\n`;

async function sample(manifest = sampleManifest, files: Readonly<Record<string, string>> = {}) {
  const bytes = crateArchive({ 'Cargo.toml': manifest, ...files });
  const archive = await readCrate(join(await folderWith({ 'sample.crate': bytes }), 'sample.crate'));
  return { bytes, request: { archive, tag: undefined, access: undefined, stage: false } };
}

describe('publishing to an ordinary Cargo registry', () => {
  test('looks into the index, then sends what cargo sends', async () => {
    const manifest = `${sampleManifest}readme = "README.md"
license = "MIT"
[features]
default = ["dep:renamed"]
[dependencies.renamed]
package = "real-name"
version = "1.2"
optional = true
default-features = false
features = ["a"]
[dependencies.here]
version = ">= 1, < 3"
registry-index = "${ordinary}"
[target.'cfg(unix)'.dev-dependencies.there]
version = "=2.0.0"
registry-index = "sparse+https://there.example/"
`;
    const { bytes, request } = await sample(manifest, { 'README.md': '# sample' });
    const { registry, sent } = registryAt(
      ordinary,
      config(),
      ['GET /sa/mp/sample', absent],
      ['PUT /api/v1/crates/new', { body: { warnings: { other: ['look at this'], invalid_badges: [] } } }],
    );
    expect(await registry.planPublish(token, [request])).toEqual({
      account: undefined,
      secondFactor: 'unknown',
      releases: [{ decision: 'accept' }],
    });
    const progress: number[] = [];
    const outcome = await registry.publish(proofs, request, (count) => progress.push(count));
    expect(outcome).toEqual({ state: 'published', warnings: ['look at this'] });
    expect(progress.at(-1)).toBe(bytes.length);

    const [, index, upload] = sent;
    expect(index).toMatchObject({ origin: 'https://index.example', bareToken: undefined, token: undefined });
    expect(upload).toMatchObject({ origin: 'https://api.example', bareToken: 'the-token', token: undefined });
    const body = upload?.body as Buffer;
    const length = body.readUInt32LE(0);
    expect(body.readUInt32LE(4 + length)).toBe(bytes.length);
    expect(body.subarray(8 + length).equals(bytes)).toBe(true);
    const metadata = JSON.parse(body.toString('utf8', 4, 4 + length)) as { deps: object[] };
    expect(metadata).toMatchObject({ name: 'sample', vers: '1.0.0', readme: '# sample', license: 'MIT' });
    expect(metadata.deps).toMatchObject([
      {
        name: 'real-name',
        explicit_name_in_toml: 'renamed',
        version_req: '^1.2',
        optional: true,
        default_features: false,
        features: ['a'],
        registry: 'https://github.com/rust-lang/crates.io-index',
      },
      { name: 'here', version_req: '>=1, <3', target: null, kind: 'normal' },
      { name: 'there', target: 'cfg(unix)', kind: 'dev', registry: 'sparse+https://there.example/' },
    ]);
    expect(metadata.deps[1]).not.toHaveProperty('registry');
  });

  test.each([
    ['exactly these bytes', {}, 'published'],
    ['other bytes', { cksum: 'a'.repeat(64) }, 'refuse'],
    ['the version, yanked', { cksum: 'a'.repeat(64), yanked: true }, 'refuse'],
    ['the version with other build metadata', { vers: '1.0.0+other' }, 'refuse'],
    ['another version', { vers: '1.0.1' }, 'accept'],
    ['a line about another crate', { name: 'other' }, 'accept'],
  ])('finds %s in the index', async (_what, changes, decision) => {
    const { request } = await sample();
    const text = `not JSON\n${line({ cksum: request.archive.digests.sha256, ...changes })}`;
    const { registry } = registryAt(ordinary, config(), ['GET /sa/mp/sample', { body: text }]);
    const plan = await registry.planPublish(token, [request]);
    expect(plan.releases).toMatchObject([{ decision }]);
  });

  test('has no releases that wait', async () => {
    const { request } = await sample();
    const { registry } = registryAt(ordinary, config());
    const staged = registry.planPublish(token, [{ ...request, stage: true }]);
    await expect(staged).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });

  test.each([
    [
      'a refusal',
      { status: 403, body: { errors: [{ detail: 'one' }, { detail: 'two' }] } },
      'E_FORBIDDEN',
      '403: one, two',
    ],
    [
      'a failure told with 200',
      { body: { errors: [{ detail: 'not really' }] } },
      'E_REGISTRY',
      '200: not really',
    ],
    [
      'an empty list of errors',
      { body: { errors: [], warnings: {} } },
      'E_REGISTRY',
      '200: the registry gave no reason',
    ],
    ['a page', { body: '<html>' }, 'E_REGISTRY', 'not understood'],
    [
      'words that would command a terminal',
      { status: 400, body: { errors: [{ detail: 'a\u001b[2Jb' }] } },
      'E_REGISTRY',
      '400: ab',
    ],
    ['a limit', { status: 429, headers: { 'retry-after': '7' }, body: { errors: [] } }, 'E_REGISTRY', '429'],
  ])('tells %s', async (_what, answer, code, cause) => {
    const { request } = await sample();
    const script = [config(), ['GET /sa/mp/sample', absent], ['PUT /api/v1/crates/new', answer]] as const;
    const { registry } = registryAt(ordinary, ...script);
    await registry.planPublish(token, [request]);
    const failed = registry.publish(proofs, request, () => {});
    await expect(failed).rejects.toMatchObject({ code, cause: { message: expect.stringContaining(cause) } });
  });
});

describe('an index', () => {
  test.each([
    ['is none', {}],
    ['names a file as its API', { dl: 'x', api: 'file:///etc' }],
    ['names an API with a password', { dl: 'x', api: 'https://a:b@api.example' }],
    ['names an API with a query', { dl: 'x', api: 'https://api.example/?a=' }],
  ])('that %s is refused before a token goes anywhere', async (_what, body) => {
    const { request } = await sample();
    const { registry, sent } = registryAt(ordinary, ['GET /config.json', { body }]);
    await expect(registry.planPublish(token, [request])).rejects.toMatchObject({ code: 'E_REGISTRY' });
    expect(sent.every(({ bareToken }) => bareToken === undefined)).toBe(true);
  });

  test('that was read without encryption cannot send the token to another server', async () => {
    const { registry } = registryAt('sparse+http://lab.example/', config());
    await expect(registry.owners('sample', token)).rejects.toThrow('failed to read the index');
  });

  test('of a pub-registry cannot send the token outside of it', async () => {
    const { registry } = registryAt(ours, [
      'GET /cargo/index/config.json',
      { body: { dl: 'x', api: 'https://elsewhere.example/cargo' } },
    ]);
    await expect(registry.owners('sample', token)).rejects.toThrow('failed to read the index');
  });

  test('without an API says that it is for reading', async () => {
    const { registry } = registryAt(ordinary, config({ api: undefined }));
    await expect(registry.owners('sample', token)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });

  test('that is closed to strangers gets the token with every request, once it asked', async () => {
    const challenge = {
      status: 401,
      headers: { 'www-authenticate': 'Cargo login_url="https://index.example/login"' },
      body: '',
    };
    const { request } = await sample();
    const { registry, sent } = registryAt(
      ordinary,
      ['GET /config.json', challenge],
      config({ 'auth-required': true }),
      ['GET /sa/mp/sample', absent],
    );
    await registry.planPublish(token, [request]);
    expect(sent.map(({ bareToken }) => bareToken)).toEqual([undefined, 'the-token', 'the-token']);
  });

  test('that is closed names its page for tokens, if that is fit to be opened', async () => {
    const challenge = (url: string) => ({
      status: 401,
      headers: { 'www-authenticate': `Cargo login_url="${url}"` },
      body: '',
    });
    const page = 'https://index.example/login';
    const open = registryAt(ordinary, ['GET /config.json', challenge(page)]);
    expect(await open.registry.manualLogin?.()).toEqual({ page });
    const hostile = registryAt(
      ordinary,
      ['GET /config.json', challenge('file:///etc/passwd')],
      ['GET /config.json', challenge('file:///etc/passwd')],
    );
    await expect(hostile.registry.manualLogin?.()).resolves.toEqual({ page: undefined });
  });

  test('that refuses the token says so, and one that cannot tell says that', async () => {
    const refused = registryAt(
      ordinary,
      ['GET /config.json', { status: 401, body: '' }],
      ['GET /config.json', { status: 401, body: '' }],
    );
    await expect(refused.registry.tryToken?.(token)).rejects.toMatchObject({ code: 'E_NOT_LOGGED_IN' });
    expect(await registryAt(ordinary, config()).registry.tryToken?.(token)).toBe(false);
    const accounts = registryAt(ordinary).registry.whoAmI(token);
    await expect(accounts).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});

describe('the index of a pub-registry', () => {
  const preflight = (decision: object, factor: object = { required: false }): ScriptedAnswer => ({
    body: {
      account: 'alice',
      second_factor: factor,
      releases: [{ name: 'sample', version: '1.0.0', ...decision }],
    },
  });

  test('is published to with a preflight and the archive as it is', async () => {
    const { bytes, request } = await sample();
    const { registry, sent } = registryAt(
      ours,
      ourConfig,
      ['POST /-/pub/v1/preflight', preflight({ decision: 'accept' })],
      [
        'PUT /-/pub/v1/releases/cargo/sample/1.0.0',
        { status: 201, body: { state: 'published', sha256: request.archive.digests.sha256 } },
      ],
    );
    expect(await registry.planPublish(token, [request])).toMatchObject({
      account: 'alice',
      secondFactor: false,
    });
    expect(await registry.publish(proofs, request, () => {})).toMatchObject({ state: 'published' });
    expect(JSON.parse(sent[1]?.body.toString() ?? '')).toMatchObject({
      releases: [{ ecosystem: 'cargo', name: 'sample', version: '1.0.0', size: bytes.length }],
    });
    expect(sent[2]).toMatchObject({ token: 'the-token', body: bytes });
  });

  test('is an ordinary one where there is no preflight', async () => {
    const { request } = await sample();
    const { registry } = registryAt(
      ours,
      ourConfig,
      ['POST /-/pub/v1/preflight', { status: 404, body: '' }],
      ['GET /cargo/index/sa/mp/sample', absent],
      ['PUT /cargo/api/v1/crates/new', { body: {} }],
    );
    await registry.planPublish(token, [request]);
    expect(await registry.publish(proofs, request, () => {})).toMatchObject({ state: 'published' });
  });

  test('asks for the second factor of a yank, and takes it', async () => {
    const yank = 'DELETE /cargo/api/v1/crates/sample/1.0.0/yank';
    const detail = 'You must provide a one-time password';
    const challenge = {
      status: 401,
      headers: { 'www-authenticate': 'otp' },
      body: { errors: [{ detail }], code: 'otp_required' },
    };
    const { registry, sent } = registryAt(ours, ourConfig, [yank, challenge], [yank, { body: { ok: true } }]);
    const yanking = { name: 'sample', version: '1.0.0', undo: false };
    await expect(registry.yank(proofs, yanking)).rejects.toThrow(SecondFactorRequired);
    await registry.yank({ token, oneTimePassword: new Secret('123456') }, yanking);
    expect(sent[2]).toMatchObject({ bareToken: 'the-token', oneTimePassword: '123456' });
  });
});

describe('what cargo has beside publishing', () => {
  test('yanks and puts back', async () => {
    const { registry } = registryAt(
      ordinary,
      config(),
      ['DELETE /api/v1/crates/sample/1.0.0%2Bb/yank', { body: { ok: true } }],
      ['PUT /api/v1/crates/sample/1.0.0%2Bb/unyank', { body: { ok: true } }],
    );
    await registry.yank(proofs, { name: 'sample', version: '1.0.0+b', undo: false });
    await registry.yank(proofs, { name: 'sample', version: '1.0.0+b', undo: true });
  });

  test.each(['../../x', '', 'a/b', 'a b', 'ä', 'a'.repeat(65)])(
    'asks nothing about the crate "%s"',
    async (name) => {
      const { registry } = registryAt(ordinary);
      await expect(registry.yank(proofs, { name, version: '1.0.0', undo: false })).rejects.toMatchObject({
        code: 'E_USAGE',
      });
      await expect(registry.owners(name, token)).rejects.toMatchObject({ code: 'E_USAGE' });
      await expect(registry.removeOwner(proofs, name, 'bob')).rejects.toMatchObject({ code: 'E_USAGE' });
    },
  );

  test('lists, adds and removes owners', async () => {
    const path = '/api/v1/crates/sample/owners';
    const { registry, sent } = registryAt(
      ordinary,
      config(),
      [`GET ${path}`, { body: { users: [{ id: 1, login: 'alice', name: 'Alice', role: 'owner' }] } }],
      [`PUT ${path}`, { body: { ok: true, msg: 'user bob has been invited to be an owner' } }],
      [`DELETE ${path}`, { body: { ok: true, msg: '' } }],
    );
    expect(await registry.owners('sample', token)).toMatchObject([{ name: 'alice', role: 'owner' }]);
    expect(await registry.addOwner(proofs, 'sample', { user: 'bob', role: 'owner' })).toBe('invited');
    await registry.removeOwner(proofs, 'sample', 'bob');
    expect(sent.slice(2).map(({ body }) => body.toString())).toEqual([
      '{"users":["bob"]}',
      '{"users":["bob"]}',
    ]);
  });

  test('searches without the token where reading takes none', async () => {
    const found = {
      crates: [{ name: 'sample', max_version: '1.0.0', description: 'a\u001b[1mb' }],
      meta: { total: 2 },
    };
    const { registry, sent } = registryAt(ordinary, config(), [
      'GET /api/v1/crates?q=two+words&per_page=5',
      { body: found },
    ]);
    expect(await registry.search({ words: ['two', 'words'], limit: 5 }, token)).toEqual({
      total: 2,
      packages: [{ name: 'sample', version: '1.0.0', description: 'ab' }],
    });
    expect(sent[1]?.bareToken).toBeUndefined();
  });

  test('waits until the version is in the index, and not longer than a minute', async () => {
    const looks = (answers: readonly ScriptedAnswer[]) =>
      registryAt(ordinary, config(), ...answers.map((answer) => ['GET /sa/mp/sample', answer] as const));
    const { request } = await sample();
    let now = 0;
    let told = 0;
    const waiting = {
      onWait: () => {
        told += 1;
      },
      now: () => now,
      pause: async (milliseconds: number) => {
        now += milliseconds;
      },
    };
    const soon = looks([absent, absent, { body: line() }]);
    expect(await awaitVisible(soon.index, token, request.archive, waiting)).toBe(true);
    expect([now, told]).toEqual([750, 1]);
    now = 0;
    const atOnce = looks([{ body: line() }]);
    expect(await awaitVisible(atOnce.index, token, request.archive, waiting)).toBe(true);
    expect([now, told]).toEqual([0, 1]);
    const never = looks(Array.from({ length: 62 }, () => absent));
    expect(await awaitVisible(never.index, token, request.archive, waiting)).toBe(false);
    expect(now).toBeLessThanOrEqual(60_000);
  });
});
