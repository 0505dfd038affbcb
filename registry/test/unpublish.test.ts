import { describe, expect, test } from 'vitest';
import type { Answer, Client } from './support/client.ts';
import { mailsOf, makeOwner } from './support/people.ts';
import { archiveOf, manifestOf, npmDocument, publish } from './support/publishing.ts';
import { hour, minute } from './support/test-clock.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';
import { limitedClient } from './support/tokens.ts';

const tool = '/@acme%2ftool';

const packument = async (client: Client) => (await client.get(`${tool}?write=true`)).body;
const versionsIn = async (client: Client) => Object.keys((await packument(client)).versions ?? {});

/** npm's requests for one version of several: the packument without it, then its archive. */
async function unpublishVersion(client: Client, version: string, otp?: string): Promise<Answer[]> {
  const body = await packument(client);
  delete body.versions[version];
  const changed = await client.put(`${tool}/-rev/${body._rev}`, body, { otp });
  if (changed.status >= 400) return [changed];
  const { _rev } = await packument(client);
  // As the path of `dist.tarball` has it.
  return [changed, await client.delete(`/@acme/tool/-/tool-${version}.tgz/-rev/${_rev}`, { otp })];
}

async function unpublishAll(client: Client, otp?: string): Promise<Answer> {
  const { _rev } = await packument(client);
  return await client.delete(`${tool}/-rev/${_rev}`, { otp });
}

async function withVersions(...versions: string[]) {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  for (const version of versions) expect((await publish(alice, { version })).status).toBe(201);
  return { registry, alice, anonymous: registry.anonymous };
}

const unpublishedEvents = async (registry: TestRegistry) =>
  (await registry.auditEvents()).filter((event) => event.startsWith('release:unpublished'));

describe('a version', () => {
  test('is gone for everybody, and its number never comes back', async () => {
    const { registry, alice, anonymous } = await withVersions('1.0.0', '1.1.0', '2.0.0-rc.1');
    await alice.put('/-/package/@acme%2ftool/dist-tags/old', '"1.1.0"', {
      headers: { 'content-type': 'application/json' },
    });
    expect((await unpublishVersion(alice, '1.1.0')).map(({ status }) => status)).toEqual([201, 204]);
    for (const accept of ['application/json', 'application/vnd.npm.install-v1+json']) {
      const { body } = await anonymous.get(tool, { headers: { accept } });
      expect(Object.keys(body.versions)).toEqual(['1.0.0', '2.0.0-rc.1']);
      expect(body['dist-tags']).toEqual({ latest: '2.0.0-rc.1' });
    }
    for (const path of [`${tool}/-/tool-1.1.0.tgz`, `${tool}/1.1.0`])
      expect((await anonymous.get(path)).code).toBe('not_found');
    const status = await anonymous.get('/-/package/@acme%2ftool/version/1.1.0/status');
    expect(status.body).toMatchObject({ version: '1.1.0', status: 'deleted' });

    for (const files of [undefined, { 'index.js': 'other' }]) {
      for (const via of ['npm', 'pub'] as const) {
        const again = await publish(alice, { version: '1.1.0', ...(files && { files }) }, { via });
        expect(again.code).toBe('version_exists');
      }
    }
    expect(await versionsIn(alice)).toEqual(['1.0.0', '2.0.0-rc.1']);
    expect(await unpublishedEvents(registry)).toEqual(['release:unpublished alice npm:@acme/tool']);
    expect(mailsOf(registry, 'unpublished')).toEqual(['alice@example.org']);
  });

  test('hands latest to the highest release that is left, to a prerelease only at last', async () => {
    const { alice, anonymous } = await withVersions('1.9.0', '1.10.0', '2.0.0-rc.1', '2.0.0');
    for (const [version, latest] of [
      ['2.0.0', '1.10.0'],
      ['1.10.0', '1.9.0'],
      ['1.9.0', '2.0.0-rc.1'],
    ] as const) {
      await unpublishVersion(alice, version);
      expect((await packument(anonymous))['dist-tags']).toEqual({ latest });
    }
  });

  test('may be several, as pnpm sends them', async () => {
    const { registry, alice } = await withVersions('1.0.0', '1.1.0', '1.2.0');
    const body = await packument(alice);
    body.versions = { '1.1.0': body.versions['1.1.0'] };
    expect((await alice.put(`${tool}/-rev/${body._rev}`, body)).status).toBe(201);
    expect(await versionsIn(alice)).toEqual(['1.1.0']);
    expect(await unpublishedEvents(registry)).toHaveLength(2);
  });

  test('can be taken back again and again without a second code, since nothing is left to do', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    for (const version of ['1.0.0', '1.1.0']) await publish(alice, { version }, { otp: app.nextCode() });
    const body = await packument(alice);
    delete body.versions['1.1.0'];
    const put = (otp?: string) => alice.put(`${tool}/-rev/${body._rev}`, body, { otp });
    expect((await put()).code).toBe('otp_required');
    const otp = app.nextCode();
    expect((await put(otp)).status).toBe(201);
    // npm repeats a request whose answer it did not get, with the code and the revision of the first.
    expect((await put(otp)).status).toBe(201);
    for (let count = 0; count < 2; count++)
      expect((await alice.delete(`${tool}/-/tool-1.1.0.tgz/-rev/${body._rev}`, { otp })).status).toBe(204);
    expect(await unpublishedEvents(registry)).toHaveLength(1);
  });

  test('in a packument longer than other bodies may be', async () => {
    const { alice } = await withVersions('1.0.0', '1.1.0');
    const body = await packument(alice);
    delete body.versions['1.0.0'];
    body.versions['1.1.0'].description = 'x'.repeat(2 * 1024 * 1024);
    expect((await alice.put(`${tool}/-rev/${body._rev}`, body)).status).toBe(201);
    expect(await versionsIn(alice)).toEqual(['1.1.0']);
  });
});

describe('all of a package', () => {
  test('is gone for everybody; the name stays with its owners, and its numbers stay used', async () => {
    const { registry, alice, anonymous } = await withVersions('1.0.0', '1.1.0');
    const { _rev } = await packument(alice);
    // Repeated, as npm does when it did not get the answer.
    for (let count = 0; count < 2; count++)
      expect((await alice.delete(`${tool}/-rev/${_rev}`)).status).toBe(204);
    for (const path of [tool, `${tool}/-/tool-1.0.0.tgz`, '/-/package/@acme%2ftool/dist-tags'])
      expect((await anonymous.get(path)).code).toBe('not_found');
    expect((await anonymous.get('/-/v1/search?text=tool')).body.total).toBe(0);
    expect((await anonymous.get('/-/web/package/@acme/tool')).status).toBe(404);

    const mallory = await registry.signUp('mallory');
    expect((await mallory.get(tool)).code).toBe('not_found');
    expect((await publish(mallory, { version: '3.0.0' })).code).toBe('not_owner');
    expect((await publish(alice, { version: '1.0.0' })).code).toBe('version_exists');
    expect((await publish(alice, { version: '1.2.0' }, { tag: 'next' })).status).toBe(201);
    expect((await packument(anonymous))['dist-tags']).toEqual({ latest: '1.2.0', next: '1.2.0' });
    expect(await versionsIn(anonymous)).toEqual(['1.2.0']);
  });

  test('with the last version, too', async () => {
    const { alice, anonymous } = await withVersions('1.0.0');
    const body = await packument(alice);
    body.versions = {};
    expect((await alice.put(`${tool}/-rev/${body._rev}`, body)).status).toBe(201);
    expect((await anonymous.get(tool)).code).toBe('not_found');
  });
});

describe('is refused', () => {
  test('more than 72 hours after the release, before a code is asked for', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    await publish(alice, { version: '1.0.0' });
    registry.clock.advance(2 * minute);
    await publish(alice, { version: '1.1.0' });
    registry.clock.advance(72 * hour - minute);
    const late = await unpublishVersion(alice, '1.0.0');
    expect(late.map(({ code, status }) => [code, status])).toEqual([['too_late', 403]]);
    expect(late[0]?.body.error).toContain('deprecate it');
    expect((await unpublishAll(alice)).code).toBe('too_late');
    const inTime = await unpublishVersion(alice, '1.1.0', app.nextCode());
    expect(inTime.map(({ status }) => status)).toEqual([201, 204]);
    expect(await versionsIn(alice)).toEqual(['1.0.0']);
  });

  test('to whoever is no owner, whatever token they have', async () => {
    const { registry, alice, anonymous } = await withVersions('1.0.0', '1.1.0');
    const bob = await registry.signUp('bob');
    await makeOwner(alice, bob, { role: 'maintainer' });
    const mallory = await registry.signUp('mallory');
    const limited = await limitedClient(alice, {
      scopes: ['read', 'stage', 'publish', 'yank', 'owners'],
    });
    for (const [client, code] of [
      [anonymous, 'unauthenticated'],
      [mallory, 'not_owner'],
      [bob, 'not_owner'],
      [limited, 'token_limited'],
    ] as const) {
      const [changed] = await unpublishVersion(client, '1.0.0');
      expect(changed?.code).toBe(code);
      expect((await unpublishAll(client)).code).toBe(code);
      const { _rev } = await packument(alice);
      expect((await client.delete(`${tool}/-/tool-1.0.0.tgz/-rev/${_rev}`)).code).toBe(code);
    }
    expect(await versionsIn(alice)).toEqual(['1.0.0', '1.1.0']);
    expect(mailsOf(registry, 'unpublished')).toEqual([]);
  });

  test('when somebody published since it was read: that release was never chosen', async () => {
    const { alice } = await withVersions('1.0.0', '1.1.0');
    const body = await packument(alice);
    await publish(alice, { version: '1.2.0' });
    delete body.versions['1.0.0'];
    expect((await alice.put(`${tool}/-rev/${body._rev}`, body)).code).toBe('conflict');
    expect((await alice.delete(`${tool}/-rev/${body._rev}`)).code).toBe('conflict');
    expect((await alice.delete(`${tool}/-rev/1-couch`)).code).toBe('conflict');
    expect(await versionsIn(alice)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  test('with an archive in it', async () => {
    const { alice } = await withVersions('1.0.0', '1.1.0');
    const { _rev } = await packument(alice);
    const document = npmDocument(manifestOf({}), archiveOf({}));
    expect((await alice.put(`${tool}/-rev/${_rev}`, document)).code).toBe('bad_request');
    expect(await versionsIn(alice)).toEqual(['1.0.0', '1.1.0']);
  });
});
