import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { type Client, npm11, npm12, npmrc, pnpm } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { peerPackage } from '../support/places.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { type Packument, startTamperingRegistry } from '../support/tampering-registry.ts';

/**
 * What clients make of our registry's signatures and of provenance. `npm audit signatures` begins by asking a
 * server on the Internet for keys, so here its verification is called as it calls it; pnpm's needs no such server.
 */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

interface Key {
  readonly keyid: string;
  readonly key: string;
}

interface Pacote {
  manifest(spec: string, options: Record<string, unknown>): Promise<Record<string, unknown>>;
  tarball(spec: string, options: Record<string, unknown>): Promise<Buffer>;
}

async function publisher(home: FreshHome, name: string, client: Client) {
  const account = await signUp(registry.url, name);
  await home.file('.npmrc', npmrc(registry.url, account.token));
  const cwd = join(home.path, 'tool');
  const packageName = `@${name}/tool`;
  return {
    packageName,
    cwd,
    async publish(version: string, ...options: string[]) {
      await home.file('tool/package.json', JSON.stringify({ name: packageName, version }));
      await client.succeed(['publish', '--access', 'public', ...options], { cwd });
    },
  };
}

/** As `npm audit signatures` does, with the keys of the real registry. */
async function npmVerify(client: string, url: string, spec: string, cache: string) {
  const pacote = createRequire(join(peerPackage(client), 'package.json'))('pacote') as Pacote;
  const { keys } = (await (await fetch(`${registry.url}/-/npm/v1/keys`)).json()) as { keys: Key[] };
  const pem = keys.map((each) => ({
    ...each,
    pemkey: `-----BEGIN PUBLIC KEY-----\n${each.key}\n-----END PUBLIC KEY-----`,
  }));
  const { host } = new URL(url);
  const options = { registry: `${url}/`, cache, [`//${host}/:_keys`]: pem, verifySignatures: true };
  return await pacote.manifest(spec, options);
}

const tamperings: Readonly<Record<string, (packument: Packument) => void>> = {
  'other bytes': ({ versions }) => {
    const other = createHash('sha512').update('other').digest('base64');
    (versions['1.0.0'] as Packument['versions'][string]).dist.integrity = `sha512-${other}`;
  },
  'the signature of another version': ({ versions }) => {
    const { '1.0.0': one, '1.1.0': other } = versions;
    if (one && other) one.dist.signatures = other.dist.signatures;
  },
};

test.each([
  ['npm-11', npm11],
  ['npm-12', npm12],
])('%s takes a signature of ours, and no other', async (version, clientOf) => {
  await using home = await freshHome();
  const { packageName, publish } = await publisher(home, version.replace('-', ''), clientOf(home));
  await publish('1.0.0');
  await publish('1.1.0');
  const verified = await npmVerify(version, registry.url, `${packageName}@1.0.0`, join(home.path, 'cache'));
  expect(verified['_signatures']).toEqual([{ keyid: expect.any(String), sig: expect.any(String) }]);

  await using tampering = await startTamperingRegistry(registry.url);
  const verify = () =>
    npmVerify(version, tampering.url, `${packageName}@1.0.0`, join(home.path, 'other-cache'));
  await expect(verify()).resolves.toMatchObject({ version: '1.0.0' });
  for (const [name, change] of Object.entries(tamperings)) {
    tampering.tamper(change);
    await expect(verify(), name).rejects.toMatchObject({ code: 'EINTEGRITYSIGNATURE' });
  }
});

test('pnpm audit signatures verifies what was installed, and finds what was changed on its way', async () => {
  await using home = await freshHome();
  const { packageName, publish } = await publisher(home, 'pnpmsigner', npm12(home));
  await publish('1.0.0');
  await publish('1.1.0');
  await using tampering = await startTamperingRegistry(registry.url);
  await using project = await freshHome();
  await project.file('.npmrc', npmrc(tampering.url));
  await project.file('project/package.json', '{ "name": "project", "version": "1.0.0" }\n');
  const cwd = join(project.path, 'project');
  await pnpm(project).succeed(['add', `${packageName}@1.0.0`], { cwd });

  const good = await pnpm(project).succeed(['audit', 'signatures'], { cwd });
  expect(good.stdout).toMatch(/1 package.* verified registry signature/s);
  tampering.tamper(tamperings['the signature of another version'] as (packument: Packument) => void);
  const bad = await pnpm(project).run(['audit', 'signatures'], { cwd });
  expect([bad.code, bad.stdout + bad.stderr]).toEqual([1, expect.stringContaining('invalid')]);
});
