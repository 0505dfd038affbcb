import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';
import { sampleArchive } from './sample-archive.ts';
import { folderWith } from './temporary-folder.ts';

const id = '9b2d5c1e-8a45-4f4e-9d0b-3f4c1a2b5d6e';
const item = {
  id,
  packageName: '@acme/tool',
  version: '1.0.0',
  tag: 'latest',
  createdAt: '2026-11-24T12:00:00.000Z',
  actor: 'ci',
  actorType: 'user',
  access: 'public',
  shasum: 'a'.repeat(40),
};
const staged = {
  id,
  ecosystem: 'npm',
  packageName: '@acme/tool',
  version: '1.0.0',
  tag: 'latest',
  state: undefined,
  stagedBy: 'ci',
  stagedAt: '2026-11-24T12:00:00.000Z',
  access: 'public',
  sha1: 'a'.repeat(40),
  sha256: undefined,
};

const preflight = 'POST /npm/-/pub/v1/preflight';

async function toStage() {
  return { archive: await sampleArchive(), tag: 'latest', access: undefined, stage: true };
}

describe('a release is handed in', () => {
  const upload = 'PUT /npm/-/pub/v1/releases/npm/@acme%2ftool/1.0.0?tag=latest&stage=true';

  it('to pub-registry, without a word about a code', async () => {
    const request = await toStage();
    const { sha256 } = request.archive.digests;
    const accepted = { name: '@acme/tool', version: '1.0.0', decision: 'accept' };
    const plan = { account: 'ci', second_factor: { required: false }, releases: [accepted] };
    const body = { state: 'staged', sha256, stage_id: id, page_url: 'https://registry.example/staged' };
    const { registry } = registryWith([preflight, { body: plan }], [upload, { status: 202, body }]);
    expect(await registry.planPublish(token, [request])).toEqual({
      account: 'ci',
      secondFactor: false,
      releases: [{ decision: 'accept' }],
    });
    expect(await registry.publish({ token }, request, () => {})).toEqual({
      state: 'staged',
      stageId: id,
      pageUrl: 'https://registry.example/staged',
    });
  });

  it('says so when it asks, and believes what is said of staging', async () => {
    const request = { ...(await toStage()), access: 'restricted' } as const;
    const answer = (decision: object) => ({
      ...{ account: 'ci', second_factor: { required: false } },
      releases: [{ name: '@acme/tool', version: '1.0.0', ...decision }],
    });
    const { registry, sent } = registryWith(
      [preflight, { body: answer({ decision: 'published' }) }],
      [preflight, { body: answer({ decision: 'refuse', code: 'version_exists', message: 'taken' }) }],
    );
    expect((await registry.planPublish(token, [request])).releases).toEqual([{ decision: 'published' }]);
    expect(JSON.parse(String(sent[0]?.body))).toMatchObject({
      stage: true,
      releases: [{ name: '@acme/tool', access: 'restricted' }],
    });
    const plan = await registry.planPublish(token, [request]);
    expect(plan.releases).toMatchObject([{ decision: 'refuse', refusal: { code: 'E_VERSION_EXISTS' } }]);
  });

  it('to another npm registry as npm does it', async () => {
    const { registry, sent } = registryWith(
      [preflight, { status: 404 }],
      ['GET /npm/-/npm/v1/user', { status: 404 }],
      ['GET /npm/@acme%2ftool', { status: 404 }],
      ['POST /npm/-/stage/package/@acme%2ftool', { status: 201, body: { stageId: id } }],
    );
    const request = await toStage();
    await registry.planPublish(token, [request]);
    expect(await registry.publish({ token }, request, () => {})).toEqual({ state: 'staged', stageId: id });
    expect(sent[3]?.headers).toMatchObject({ 'npm-command': 'stage' });
    expect(JSON.parse(String(sent[3]?.body))).toMatchObject({ _attachments: {}, name: '@acme/tool' });
  });

  it.each([{}, { stageId: 'x' }, { stageId: '../../etc' }])('and not believed with %j', async (body) => {
    const { registry } = registryWith(
      [preflight, { status: 404 }],
      ['GET /npm/-/npm/v1/user', { status: 404 }],
      ['GET /npm/@acme%2ftool', { status: 404 }],
      ['POST /npm/-/stage/package/@acme%2ftool', { status: 201, body }],
    );
    const request = await toStage();
    await registry.planPublish(token, [request]);
    await expect(registry.publish({ token }, request, () => {})).rejects.toMatchObject({
      code: 'E_REGISTRY',
    });
  });
});

describe('staged releases', () => {
  const firstPage = 'GET /npm/-/stage?page=0&perPage=100&package=%40acme%2Ftool';

  it('are listed over all pages', async () => {
    const { registry } = registryWith(
      [firstPage, { body: { items: [item], total: 2, page: 0, perPage: 100 } }],
      [firstPage.replace('page=0', 'page=1'), { body: { items: [{ ...item, version: '2.0.0' }], total: 2 } }],
    );
    const list = await registry.staging.list(token, '@acme/tool');
    expect(list).toEqual([staged, { ...staged, version: '2.0.0' }]);
  });

  it('are not listed for ever', async () => {
    const pages = Array.from({ length: 50 }, (_, page) => {
      const answer = { body: { items: [item], total: 1e9 } };
      return [`GET /npm/-/stage?page=${page}&perPage=100`, answer] as const;
    });
    const { registry } = registryWith(...pages);
    expect(await registry.staging.list(token, undefined)).toHaveLength(50);
  });

  it.each([
    ['no list', { total: 1 }],
    ['an id that is none', { items: [{ ...item, id: '../x' }], total: 1 }],
    ['a name that is none', { items: [{ ...item, packageName: '../x' }], total: 1 }],
    ['a version that is none', { items: [{ ...item, version: 'a/b' }], total: 1 }],
  ])('with %s are not believed', async (_, body) => {
    const { registry } = registryWith(['GET /npm/-/stage?page=0&perPage=100', { body }]);
    await expect(registry.staging.list(token, undefined)).rejects.toMatchObject({ code: 'E_REGISTRY' });
  });

  it('are read one by one, and not another one', async () => {
    const { registry } = registryWith(
      [`GET /npm/-/stage/${id}`, { body: item }],
      [`GET /npm/-/stage/${id}`, { body: { ...item, id: id.replace('9', '8') } }],
    );
    expect(await registry.staging.view(token, id)).toEqual(staged);
    await expect(registry.staging.view(token, id)).rejects.toMatchObject({ code: 'E_REGISTRY' });
  });

  it('are downloaded byte for byte, and only when there is an archive', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0xff, 0x00, 0x80]).toString('latin1');
    const { registry } = registryWith(
      [`GET /npm/-/stage/${id}/tarball`, { body: bytes }],
      [`GET /npm/-/stage/${id}/tarball`, { status: 404, body: { error: 'gone' } }],
    );
    const path = await registry.staging.download(token, staged as never, await folderWith());
    expect(path).toMatch(/acme-tool-1\.0\.0\.tgz$/);
    expect(await readFile(path, 'latin1')).toBe(bytes);
    const gone = registry.staging.download(token, staged as never, await folderWith());
    await expect(gone).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  it('are approved with a code, and rejected', async () => {
    const { registry, sent } = registryWith(
      [`POST /npm/-/stage/${id}/approve`, challenge],
      [`POST /npm/-/stage/${id}/approve`, { status: 201, body: { message: 'done' } }],
      [`DELETE /npm/-/stage/${id}`, { status: 204 }],
    );
    await expect(registry.staging.approve({ token }, id)).rejects.toBeInstanceOf(SecondFactorRequired);
    await registry.staging.approve(proofs, id);
    await registry.staging.reject(proofs, id);
    expect(sent.map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, '123456', '123456']);
  });
});
