import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type FactorMode, signUp, signUpWithFactor } from '../support/accounts.ts';
import { npmArchive } from '../support/archives.ts';
import { type Client, npm11, npm12, npmrc } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { publishArchive } from '../support/publish-archive.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** The real npm against our registry, where it needs no terminal. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const clients: Readonly<Record<string, (home: FreshHome) => Client>> = { 'npm 11': npm11, 'npm 12': npm12 };

/** Somebody with a home, an account with a second factor, and a package folder that is not published yet. */
async function maintainer(home: FreshHome, name: string, mode: FactorMode) {
  const account = await signUpWithFactor(registry.url, name, mode);
  await home.file('.npmrc', npmrc(registry.url, account.token));
  const packageName = `tool-of-${name}`;
  const writeVersion = (version: string) =>
    home.file('tool/package.json', JSON.stringify({ name: packageName, version }));
  await writeVersion('1.0.0');
  return {
    ...account,
    packageName,
    writeVersion,
    cwd: join(home.path, 'tool'),
    otp: async () => ['--otp', await account.authenticator.nextCode()],
  };
}

async function packument(name: string) {
  return (await (await fetch(`${registry.url}/${name}`)).json()) as {
    'dist-tags': Record<string, string>;
    versions: Record<string, unknown>;
  };
}

/** Says yes to the one invitation that waits for the account. */
async function acceptInvitation({ token }: Account): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const url = `${registry.url}/-/pub/v1/invitations`;
  const { invitations } = (await (await fetch(url, { headers })).json()) as { invitations: { id: string }[] };
  expect(invitations).toHaveLength(1);
  const body = JSON.stringify({ answer: 'accept' });
  const accepted = await fetch(`${url}/${invitations[0]?.id}`, { method: 'POST', headers, body });
  expect(accepted.status).toBe(200);
}

describe.each(Object.keys(clients))('%s', (version) => {
  const clientOf = clients[version] as (home: FreshHome) => Client;
  const suffix = version.replace(/\D/g, '');

  test.concurrent('publish is refused without a code and taken with one; a code works once', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { packageName, writeVersion, cwd, otp } = await maintainer(
      home,
      `publisher${suffix}`,
      'auth-and-writes',
    );
    const refused = await npm.run(['publish'], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('EOTP');
    const code = await otp();
    const published = await npm.succeed(['publish', ...code], { cwd });
    expect(published.stdout).toContain(`+ ${packageName}@1.0.0`);

    await writeVersion('1.0.1');
    const replayed = await npm.run(['publish', ...code], { cwd });
    expect(replayed.stderr).toContain('EOTP');
    expect(Object.keys((await packument(packageName)).versions)).toEqual(['1.0.0']);
  });

  test.concurrent('owner add invites, and after a yes: ls and rm', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { name, packageName, cwd, otp } = await maintainer(home, `owner${suffix}`, 'auth-only');
    const friend = await signUp(registry.url, `friend${suffix}`);
    await npm.succeed(['publish'], { cwd });

    const refused = await npm.run(['owner', 'add', `friend${suffix}`, packageName]);
    expect(refused.code).not.toBe(0);
    const waits = `npm notice friend${suffix} is invited, and becomes an owner by accepting`;
    const added = await npm.succeed(['owner', 'add', `friend${suffix}`, packageName, ...(await otp())]);
    expect(added.stderr).toContain(waits);
    const invited = await npm.succeed(['owner', 'ls', packageName]);
    expect(invited.stdout.trim().split('\n')).toHaveLength(1);
    // npm does nothing for somebody who is no owner yet, and says nothing.
    expect((await npm.succeed(['owner', 'rm', `friend${suffix}`, packageName])).stderr).toContain(
      `npm notice friend${suffix} is invited to ${packageName}, and no owner yet`,
    );
    await acceptInvitation(friend);
    const two = await npm.succeed(['owner', 'ls', packageName]);
    expect(
      two.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual([name, `friend${suffix}`]);
    await npm.succeed(['owner', 'rm', `friend${suffix}`, packageName, ...(await otp())]);
    const one = await npm.succeed(['owner', 'ls', packageName]);
    expect(one.stdout.trim().split('\n')).toHaveLength(1);
  });

  test.concurrent('access set mfa=publish makes every later release need a code', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { packageName, writeVersion, cwd, otp } = await maintainer(home, `strict${suffix}`, 'auth-only');
    await npm.succeed(['publish'], { cwd });
    await npm.succeed(['access', 'set', 'mfa=publish', packageName, ...(await otp())]);
    await writeVersion('1.1.0');
    expect((await npm.run(['publish'], { cwd })).stderr).toContain('EOTP');
    await npm.succeed(['publish', ...(await otp())], { cwd });
    expect(Object.keys((await packument(packageName)).versions)).toEqual(['1.0.0', '1.1.0']);
  });

  test.concurrent('dist-tag add is refused without a code and taken with one; ls', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { packageName, cwd, otp } = await maintainer(home, `tagger${suffix}`, 'auth-and-writes');
    await npm.succeed(['publish', ...(await otp())], { cwd });
    const shown = await npm.succeed(['view', packageName]);
    expect(shown.stdout).toContain(`by tagger${suffix} <tagger${suffix}@registry.example>`);
    const add = ['dist-tag', 'add', `${packageName}@1.0.0`, 'next'];
    expect((await npm.run(add)).stderr).toContain('EOTP');
    await npm.succeed([...add, ...(await otp())]);
    expect((await npm.succeed(['dist-tag', 'ls', packageName])).stdout).toBe('latest: 1.0.0\nnext: 1.0.0\n');
  });

  test.concurrent('dist-tag rm', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { packageName, cwd } = await maintainer(home, `untagger${suffix}`, 'auth-only');
    await npm.succeed(['publish', '--tag', 'next'], { cwd });
    const before = (await packument(packageName))['dist-tags'];
    expect(before).toMatchObject({ next: '1.0.0' });
    await npm.succeed(['dist-tag', 'add', `${packageName}@1.0.0`, 'old']);
    await npm.succeed(['dist-tag', 'rm', packageName, 'old']);
    expect((await packument(packageName))['dist-tags']).toEqual(before);
  });

  test.concurrent('whoami, and logout after which the token is dead', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { name, token } = await maintainer(home, `leaver${suffix}`, 'auth-only');
    expect((await npm.succeed(['whoami'])).stdout).toBe(`${name}\n`);
    await npm.succeed(['logout']);
    const answer = await fetch(`${registry.url}/-/whoami`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(401);
  });

  test.concurrent('deprecate and unpublish versions of a package whose packument is long', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { token, packageName, otp } = await maintainer(home, `long${suffix}`, 'auth-only');
    const versions = Array.from({ length: 12 }, (_, count) => `1.0.${count}`);
    const notes = 'x'.repeat(900_000);
    for (const version of versions) {
      const manifest = { name: packageName, version, notes };
      const archive = npmArchive(manifest);
      expect(await publishArchive(registry.url, { ...manifest, manifest, token, archive })).toBeUndefined();
    }
    await npm.succeed(['deprecate', `${packageName}@<1.0.5`, 'too old']);
    await npm.succeed(['unpublish', `${packageName}@1.0.7`, ...(await otp())]);
    const left = (await packument(packageName)).versions as Record<string, { deprecated?: string }>;
    expect(JSON.stringify(left).length).toBeGreaterThan(9 * 1024 * 1024);
    expect(Object.keys(left)).toEqual(versions.filter((version) => version !== '1.0.7'));
    const messages = Object.values(left).map(({ deprecated }) => deprecated);
    expect(messages).toEqual([...Array(5).fill('too old'), ...Array(6).fill(undefined)]);
  });

  test.concurrent('a changed archive under a published version is refused', async () => {
    await using home = await freshHome();
    const npm = clientOf(home);
    const { cwd } = await maintainer(home, `rewriter${suffix}`, 'auth-only');
    await npm.succeed(['publish'], { cwd });
    await home.file('tool/added.js', 'x');
    // Forced, because npm looks for itself first and would not ask the registry.
    const refused = await npm.run(['publish', '--force'], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/E409|E403/);
  });
});
