import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signUpWithFactor } from '../support/accounts.ts';
import { type Client, npm11, npm12, npmrc, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Tokens of our registry, made by the real npm and by `pub`, and each used by the other. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const clients: Readonly<Record<string, (home: FreshHome) => Client>> = { 'npm 11': npm11, 'npm 12': npm12 };

interface Made {
  readonly token: string;
}

describe.each(Object.keys(clients))('%s', (version) => {
  const clientOf = clients[version] as (home: FreshHome) => Client;

  test.concurrent('makes, lists and revokes tokens, and is held to their limits', async () => {
    await using home = await freshHome();
    const name = `tokens${version.replace(/\D/g, '')}`;
    const account = await signUpWithFactor(registry.url, name, 'auth-only');
    await home.file('.npmrc', npmrc(registry.url, account.token));
    const npm = clientOf(home);
    const env = { npm_config_password: account.password };
    const create = ['token', 'create', '--name', 'ci', '--packages', `tool-of-${name}`, '--json'];
    const writing = [...create, '--packages-and-scopes-permission', 'read-write', '--expires', '30'];

    const refused = await npm.run(writing, { env });
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([1, expect.stringContaining('EOTP')]);
    const code = await account.authenticator.nextCode();
    const bypass = await npm.run([...writing, '--bypass-2fa', '--otp', code], { env });
    expect([bypass.code, bypass.stdout + bypass.stderr]).toEqual([1, expect.stringContaining('bypass-2fa')]);
    const made = await npm.succeed([...writing, '--cidr', '127.0.0.1/32', '--otp', code], { env });
    const { token } = JSON.parse(made.stdout) as Made;

    const listed = await npm.succeed(['token', 'list']);
    expect(listed.stdout).toContain(`Token ${token.slice(0, 8)}… with id`);
    expect(listed.stdout).toContain('with IP whitelist: 127.0.0.1/32');
    expect(listed.stdout).not.toContain(token);

    await using ci = await freshHome();
    await ci.file('.npmrc', npmrc(registry.url, token));
    const publish = async (packageName: string) => {
      await ci.file('tool/package.json', JSON.stringify({ name: packageName, version: '1.0.0' }));
      return await clientOf(ci).run(['publish'], { cwd: join(ci.path, 'tool') });
    };
    expect(await publish(`tool-of-${name}`)).toMatchObject({ code: 0 });
    const other = await publish(`other-of-${name}`);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('not for the package')]);
    const more = await clientOf(ci).run(writing, { env });
    expect([more.code, more.stdout + more.stderr]).toEqual([1, expect.stringContaining('log in to do it')]);

    await npm.succeed(['token', 'revoke', token]);
    expect((await clientOf(ci).run(['whoami'])).code).toBe(1);
    const profile = await npm.succeed(['profile', 'get', '--json']);
    expect(JSON.parse(profile.stdout)).toMatchObject({ name, tfa: { mode: 'auth-only' } });
  });
});

test('pub makes a token that npm publishes with, lists it, and revokes it', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'tokenspub', 'auth-only');
  const env = { PUB_TOKEN: account.token, PUB_REGISTRY: registry.url };
  const create = ['token', 'create', '--name', 'ci', '--scope', 'publish', '--package', '@tokenspub/*'];
  const input = `${account.password}\n`;
  const otp = ['--otp', await account.authenticator.nextCode()];
  const made = await pub(home).succeed([...create, '--password-stdin', ...otp], { env, input });
  expect(made.stdout).toMatch(/^pub_\w{42}\n$/);
  expect(made.stderr).not.toContain(made.stdout.trim());

  const ci = { PUB_TOKEN: made.stdout.trim(), PUB_REGISTRY: registry.url };
  await home.file('.npmrc', npmrc(registry.url, made.stdout.trim()));
  await home.file('tool/package.json', JSON.stringify({ name: '@tokenspub/tool', version: '1.0.0' }));
  const cwd = join(home.path, 'tool');
  await npm12(home).succeed(['publish'], { cwd });
  await home.file('tool/package.json', JSON.stringify({ name: '@tokenspub/tool', version: '1.0.1' }));
  await pub(home).succeed(['publish'], { cwd, env: ci });
  await home.file('tool/package.json', JSON.stringify({ name: 'tokenspub-tool', version: '1.0.0' }));
  const refused = await pub(home).run(['publish'], { cwd, env: ci });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('not for the package')]);
  const owner = await pub(home).run(['owner', 'add', '@tokenspub/tool', 'mallory'], { env: ci });
  expect([owner.code, owner.stderr]).toEqual([1, expect.stringContaining('the scope owners')]);

  const { tokens } = JSON.parse((await pub(home).succeed(['token', 'list', '--json'], { env })).stdout);
  expect(tokens[0]).toMatchObject({ name: 'ci', scopes: ['publish'], packages: ['@tokenspub/*'] });
  await pub(home).succeed(['token', 'revoke', 'ci'], { env });
  expect((await pub(home).run(['whoami'], { env: ci })).code).toBe(4);
});
