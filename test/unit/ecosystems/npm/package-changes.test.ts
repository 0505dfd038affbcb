import { describe, expect, it, test } from 'vitest';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';

const read = 'GET /npm/@acme%2ftool?write=true';
const manifest = (version: string) => ({
  name: '@acme/tool',
  version,
  dist: { tarball: `https://registry.example/npm/@acme/tool/-/tool-${version}.tgz`, integrity: 'sha512-x' },
});
const packument = (...versions: string[]) => ({
  _id: '@acme/tool',
  _rev: '3-abc',
  name: '@acme/tool',
  'dist-tags': { latest: versions.at(-1), old: versions[0] },
  versions: Object.fromEntries(versions.map((version) => [version, manifest(version)])),
  time: { created: '2026-01-01' },
});
type Registry = ReturnType<typeof registryWith>['registry'];
const unpublish = (registry: Registry, version: string | undefined, wholePackage = false) =>
  registry.packages.unpublish(proofs, '@acme/tool', { version, wholePackage });
const sentJson = (body: Buffer | undefined) => JSON.parse(String(body)) as Record<string, never>;

describe('dist-tags', () => {
  const path = '/npm/-/package/@acme%2ftool/dist-tags';

  it('are read, without what a registry keeps beside them', async () => {
    const { registry } = registryWith([`GET ${path}`, { body: { latest: '1.0.0', _etag: 'x' } }]);
    expect(await registry.packages.tags('@acme/tool', token)).toEqual({ latest: '1.0.0' });
  });

  it.each([['<html>'], [[]], [{ latest: 1 }], [{ latest: null }]])('are not read out of %j', async (body) => {
    const { registry } = registryWith([`GET ${path}`, { body }]);
    await expect(registry.packages.tags('@acme/tool', token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
  });

  it('are set with a JSON text that is a string, and removed', async () => {
    const { registry, sent } = registryWith([`PUT ${path}/a%2F..%2Fb`, {}], [`DELETE ${path}/next`, {}]);
    await registry.packages.setTag(proofs, '@acme/tool', { tag: 'a/../b', version: '1.0.0' });
    await registry.packages.removeTag(proofs, '@acme/tool', 'next');
    expect(sent[0]).toMatchObject({ oneTimePassword: '123456', body: Buffer.from('"1.0.0"') });
    expect(sent[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'npm-command': 'dist-tag' });
  });

  it('cannot be a step out of their place', async () => {
    const { registry } = registryWith();
    const change = { tag: '..', version: '1.0.0' };
    await expect(registry.packages.setTag(proofs, '@acme/tool', change)).rejects.toMatchObject({
      code: 'E_USAGE',
    });
  });
});

describe('a deprecation', () => {
  const put = 'PUT /npm/@acme%2ftool';

  it('marks the versions of its range, prereleases too, and sends everything else as it was', async () => {
    const before = packument('1.0.0', '1.1.0-rc.1', '2.0.0');
    const { registry, sent } = registryWith([read, { body: before }], [put, { body: { ok: true } }]);
    const change = { range: '<2', message: 'use 2' };
    expect(await registry.packages.deprecate(proofs, '@acme/tool', change)).toEqual(['1.0.0', '1.1.0-rc.1']);
    const marked = (version: string) => ({ ...manifest(version), deprecated: 'use 2' });
    expect(sentJson(sent[1]?.body)).toEqual({
      ...before,
      versions: { '1.0.0': marked('1.0.0'), '1.1.0-rc.1': marked('1.1.0-rc.1'), '2.0.0': manifest('2.0.0') },
    });
    expect(sent[1]).toMatchObject({ token: 'pub_token', oneTimePassword: '123456' });
  });

  it('of no version, or of what is no range, is nothing to send', async () => {
    const { registry } = registryWith([read, { body: packument('1.0.0') }]);
    const none = registry.packages.deprecate(proofs, '@acme/tool', { range: '>5', message: 'x' });
    await expect(none).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    const noRange = registry.packages.deprecate(proofs, '@acme/tool', { range: 'all of it', message: 'x' });
    await expect(noRange).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('passes a challenge on, so that it can be answered', async () => {
    const { registry } = registryWith([read, { body: packument('1.0.0') }], [put, challenge]);
    const change = { range: '*', message: 'x' };
    await expect(registry.packages.deprecate({ token }, '@acme/tool', change)).rejects.toBeInstanceOf(
      SecondFactorRequired,
    );
  });
});

test.each([
  ['another package', { ...packument('1.0.0'), name: 'other' }],
  ['no versions', { ...packument('1.0.0'), versions: null }],
  ['a version that is none', { ...packument('1.0.0'), versions: { '1.0.0': 'x' } }],
  ['no revision', { ...packument('1.0.0'), _rev: undefined }],
  ['a revision that leads elsewhere', { ...packument('1.0.0'), _rev: '../../x' }],
])('a document with %s is neither changed nor sent back', async (_, body) => {
  const { registry } = registryWith([read, { body }], [read, { body }]);
  const refused = { code: 'E_REGISTRY' };
  const { packages } = registry;
  await expect(unpublish(registry, '1.0.0')).rejects.toMatchObject(refused);
  await expect(packages.deprecate(proofs, '@acme/tool', { range: '*', message: 'x' })).rejects.toMatchObject(
    refused,
  );
});

describe('an unpublish', () => {
  const revised = 'PUT /npm/@acme%2ftool/-rev/3-abc';

  it('takes a version out of the document and the tags, then its archive', async () => {
    const { registry, sent } = registryWith(
      [read, { body: { ...packument('1.0.0', '1.1.0', '2.0.0'), _attachments: {} } }],
      [revised, {}],
      [read, { body: { ...packument('1.0.0', '1.1.0'), _rev: '4-def' } }],
      ['DELETE /npm/@acme/tool/-/tool-2.0.0.tgz/-rev/4-def', {}],
    );
    await unpublish(registry, '2.0.0');
    const document = sentJson(sent[1]?.body);
    expect(Object.keys(document['versions'] ?? {})).toEqual(['1.0.0', '1.1.0']);
    expect(document['dist-tags']).toEqual({ latest: '1.1.0', old: '1.0.0' });
    expect(document).not.toHaveProperty('_attachments');
    expect(sent.map(({ oneTimePassword }) => oneTimePassword)).toEqual([
      undefined,
      '123456',
      undefined,
      '123456',
    ]);
  });

  it.each([['1.0.0'], [undefined]])(
    'of the only version, or of all (%s), takes the package',
    async (version) => {
      const { registry } = registryWith(
        [read, { body: packument('1.0.0') }],
        ['DELETE /npm/@acme%2ftool/-rev/3-abc', {}],
      );
      await unpublish(registry, version, true);
    },
  );

  it('of the only version is refused where the package was not meant', async () => {
    const { registry, sent } = registryWith([read, { body: packument('1.0.0') }]);
    await expect(unpublish(registry, '1.0.0')).rejects.toMatchObject({
      code: 'E_REFUSED',
      hint: expect.stringContaining('pass --force to unpublish @acme/tool'),
    });
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([403, 500])('whose archive is not removed (%i) says that the version is gone', async (status) => {
    const { registry } = registryWith(
      [read, { body: packument('1.0.0', '1.1.0', '2.0.0') }],
      [revised, {}],
      [read, { body: { ...packument('1.0.0', '1.1.0'), _rev: '4-def' } }],
      ['DELETE /npm/@acme/tool/-/tool-2.0.0.tgz/-rev/4-def', { status }],
    );
    await expect(unpublish(registry, '2.0.0')).rejects.toMatchObject({
      message: expect.stringContaining('unpublished `@acme/tool@2.0.0`, but failed to remove its archive'),
      hint: 'run the same command again to remove it',
    });
  });

  it('of a version that is not there says so', async () => {
    const { registry } = registryWith(
      [read, { body: packument('1.0.0', '1.1.0') }],
      ['HEAD /npm/@acme%2ftool/-/tool-9.0.0.tgz', { status: 404 }],
    );
    await expect(unpublish(registry, '9.0.0')).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
  });

  it('whose archive takes a second factor of its own says what is left, and finishes when it is repeated', async () => {
    const archive = '/npm/@acme%2ftool/-/tool-2.0.0.tgz';
    const { registry, sent } = registryWith(
      [read, { body: packument('1.0.0', '1.1.0', '2.0.0') }],
      [revised, {}],
      [read, { body: { ...packument('1.0.0', '1.1.0'), _rev: '4-def' } }],
      ['DELETE /npm/@acme/tool/-/tool-2.0.0.tgz/-rev/4-def', challenge],
      [read, { body: { ...packument('1.0.0', '1.1.0'), _rev: '4-def' } }],
      [`HEAD ${archive}`, {}],
      [`DELETE ${archive}/-rev/4-def`, {}],
    );
    await expect(unpublish(registry, '2.0.0')).rejects.toMatchObject({
      code: 'E_SECOND_FACTOR',
      message: expect.stringContaining('wants another second factor for its archive, which is still there'),
      hint: 'run the same command again, with the next code',
    });
    await unpublish(registry, '2.0.0');
    expect(sent.slice(-2).map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, '123456']);
  });

  it.each([
    'https://registry.example/elsewhere/a.tgz',
    'https://registry.example/npm/-rev',
    'https://registry.example/npm/https://thief.example/-/a.tgz',
    'https://registry.example/npm///thief.example/-/a.tgz',
    'https://registry.example/npm//elsewhere/-/a.tgz',
    'nonsense',
    7,
  ])('does not delete what is not an archive of the registry: %s', async (tarball) => {
    const body = packument('1.0.0', '1.1.0');
    const versions = { ...body.versions, '1.1.0': { dist: { tarball } } };
    const { registry } = registryWith([read, { body: { ...body, versions } }]);
    await expect(unpublish(registry, '1.1.0')).rejects.toMatchObject({
      code: 'E_REGISTRY',
    });
  });
});

describe('access', () => {
  it('is read as npm reads it, and not guessed', async () => {
    const path = 'GET /npm/-/package/@acme%2ftool/visibility';
    const { registry } = registryWith([path, { body: { public: false } }], [path, { body: {} }]);
    expect(await registry.packages.visibility('@acme/tool', token)).toBe('private');
    await expect(registry.packages.visibility('@acme/tool', token)).rejects.toMatchObject({
      code: 'E_REGISTRY',
    });
  });

  it.each([
    [{ status: 'public' }, { access: 'public' }],
    [{ status: 'private' }, { access: 'restricted' }],
    [{ factor: 'none' }, { publish_requires_tfa: false }],
    [{ factor: 'publish' }, { publish_requires_tfa: true, automation_token_overrides_tfa: false }],
    [{ factor: 'automation' }, { publish_requires_tfa: true, automation_token_overrides_tfa: true }],
  ] as const)('is changed with %j by %j', async (change, json) => {
    const { registry, sent } = registryWith(['POST /npm/-/package/@acme%2ftool/access', {}]);
    await registry.packages.setAccess(proofs, '@acme/tool', change);
    expect(sentJson(sent[0]?.body)).toEqual(json);
  });

  it('to packages is that of the organisation, else of the account of that name', async () => {
    const { registry } = registryWith(
      ['GET /npm/-/org/alice/package', { status: 404 }],
      ['GET /npm/-/user/alice/package', { body: { a: 'write', b: 'read' } }],
      ['GET /npm/-/team/acme/devs/package', { body: {} }],
      ['GET /npm/-/org/eve/package', { status: 403 }],
    );
    expect(await registry.packages.packagesOf(token, '@alice')).toEqual({ a: 'read-write', b: 'read-only' });
    expect(await registry.packages.packagesOf(token, 'acme:devs')).toEqual({});
    await expect(registry.packages.packagesOf(token, 'eve')).rejects.toMatchObject({ code: 'E_FORBIDDEN' });
  });

  it('of a kind nobody knows is not shown as one', async () => {
    const path = 'GET /npm/-/package/@acme%2ftool/collaborators';
    const { registry } = registryWith([path, { body: { alice: 'admin' } }]);
    await expect(registry.packages.collaborators('@acme/tool', token)).rejects.toMatchObject({
      code: 'E_REGISTRY',
    });
  });
});

describe('teams', () => {
  const team = { organisation: 'acme', name: 'devs' };

  it('speak as npm does', async () => {
    const { registry, sent } = registryWith(
      ['GET /npm/-/org/acme/team?format=cli', { body: ['acme:devs', 'acme:ops'] }],
      ['PUT /npm/-/org/acme/team', { status: 201, body: { name: 'devs' } }],
      ['GET /npm/-/team/acme/devs/user?format=cli', { body: ['alice'] }],
      ['PUT /npm/-/team/acme/devs/user', { status: 201, body: {} }],
      ['DELETE /npm/-/team/acme/devs/user', { status: 204 }],
      ['DELETE /npm/-/team/acme/devs', { status: 204 }],
    );
    expect(await registry.teams.list(token, 'acme')).toEqual(['devs', 'ops']);
    await registry.teams.create(proofs, team, 'who writes');
    expect(await registry.teams.members(token, team)).toEqual(['alice']);
    await registry.teams.add(proofs, team, 'bob');
    await registry.teams.remove(proofs, team, 'bob');
    await registry.teams.destroy(proofs, team);
    expect(sentJson(sent[1]?.body)).toEqual({ name: 'devs', description: 'who writes' });
    expect(sentJson(sent[4]?.body)).toEqual({ user: 'bob' });
  });

  it.each(['{}', '[1]', 'no'])('are not read out of %s', async (body) => {
    const { registry } = registryWith(['GET /npm/-/org/acme/team?format=cli', { body }]);
    await expect(registry.teams.list(token, 'acme')).rejects.toMatchObject({ code: 'E_REGISTRY' });
  });

  it('that a registry does not have are refused in its words', async () => {
    const answer = { status: 400, body: { error: 'this registry has no teams', code: 'unsupported' } };
    const { registry } = registryWith(['PUT /npm/-/org/acme/team', answer]);
    await expect(registry.teams.create(proofs, team, undefined)).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
      cause: expect.objectContaining({ message: '400: this registry has no teams' }),
    });
  });
});
