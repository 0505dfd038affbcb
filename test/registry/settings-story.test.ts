import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccountWithFactor, signUp, signUpWithFactor } from '../support/accounts.ts';
import { type CommandOptions, pub } from '../support/clients.ts';
import { json, startFakeRegistry } from '../support/fake-registry.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import type { Finished } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Which registry is used, with which token, and what is said about it. */
let registry: RunningServer;
let alice: AccountWithFactor;
beforeAll(async () => {
  registry = await startRegistry();
  alice = await signUpWithFactor(registry.url, 'alice', 'auth-only');
});
afterAll(() => registry.stop());

let home: FreshHome;
beforeEach(async () => {
  home = await freshHome();
});
afterEach(() => home.remove());

function run(
  args: readonly string[],
  env: Record<string, string> = {},
  more: CommandOptions = {},
): Promise<Finished> {
  return pub(home).run(args, { ...more, env });
}

function told({ stderr }: Finished): string {
  return stderr.replaceAll(registry.url, '<registry>').replaceAll(home.path, '<home>');
}

describe('the registry', () => {
  test('is found by URL, with and without its slash, by name, and as the default', async () => {
    const { token } = alice;
    await run(['registry', 'add', 'local', registry.url, '--default']);
    for (const args of [
      [],
      ['--registry', registry.url],
      ['--registry', `${registry.url}/`],
      ['--registry', 'local'],
    ]) {
      expect(await run(['whoami', ...args], { PUB_TOKEN: token }), args.join(' ')).toMatchObject({ code: 0 });
      expect(await run(['whoami', ...args], { PUB_TOKEN_LOCAL: token })).toMatchObject({ stdout: 'alice\n' });
    }
    const npmrc = await home.file('.npmrc', `registry=${registry.url}/\n`);
    await run(['registry', 'remove', 'local']);
    expect(npmrc).toBeDefined();
    expect((await run(['whoami'], { PUB_TOKEN: token })).stdout).toBe('alice\n');
  });

  test('gets no token that was given for another one', async () => {
    await using other = await startFakeRegistry({ 'GET /-/whoami': json(200, { username: 'thief' }) });
    const ended = await run(['whoami', '--registry', other.url], {
      PUB_TOKEN: alice.token,
      PUB_REGISTRY: registry.url,
    });
    expect(ended.code).toBe(4);
    expect(other.requests).toEqual([]);
  });

  test.each([
    ['a name nobody gave', 'nowhere'],
    ['half a URL', 'registry.example/npm'],
    ['a URL with a password', 'https://alice:hunter2@registry.example/'],
    ['another scheme', 'ftp://registry.example/'],
  ])('%s is refused with what to do, and no password repeated', async (_, given) => {
    const ended = await run(['whoami', '--registry', given]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^error: .+\n(caused by: .+\n)*hint: .+\n$/);
    expect(ended.stderr).not.toContain('hunter2');
  });
});

test('with a home nothing can be written to, what needs no setting works, and what needs one says so', async () => {
  const HOME = await home.file('not-a-folder', '');
  const env = {
    HOME,
    XDG_CONFIG_HOME: join(HOME, 'config'),
    XDG_DATA_HOME: join(HOME, 'data'),
    XDG_STATE_HOME: join(HOME, 'state'),
    XDG_CACHE_HOME: join(HOME, 'cache'),
    PUB_REGISTRY: registry.url,
  };
  const { token, password } = await signUp(registry.url, 'bob');
  await home.file('project/package.json', JSON.stringify({ name: 'by-bob', version: '1.0.0' }));
  const cwd = join(home.path, 'project');
  const withToken = { ...env, PUB_TOKEN: token };
  expect((await run(['whoami'], withToken)).stdout).toBe('bob\n');
  expect((await run(['package'], env, { cwd })).code).toBe(0);
  expect((await run(['publish'], withToken, { cwd })).stdout).toBe('+ by-bob@1.0.0\n');
  expect((await run(['logout'], withToken)).code).toBe(0);
  const login = ['login', '--username', 'bob', '--password-stdin', '--print-token'];
  expect((await run(login, env, { input: password })).stdout).toMatch(/^pub_/);
  const added = await run(['registry', 'add', 'local', registry.url], env);
  expect(added.code).toBe(1);
  expect(told(added)).toMatchInlineSnapshot(`
    "error: cannot write <home>/not-a-folder/config/pub/config.toml
    caused by: ENOTDIR: not a directory, mkdir '<home>/not-a-folder/config/pub'
    hint: check the file and the rights on its folder; XDG_CONFIG_HOME names another place
    "
  `);
});

test('the trace of PUB_DEBUG names requests, and no secret', async () => {
  const env = { PUB_REGISTRY: registry.url, PUB_DEBUG: '1' };
  await home.file('project/package.json', JSON.stringify({ name: 'traced', version: '1.0.0' }));
  const code = await alice.authenticator.nextCode();
  const loggedIn = await run(
    ['login', '--username', 'alice', '--password-stdin', '--print-token', '--otp', code],
    env,
    { input: alice.password },
  );
  const token = loggedIn.stdout.trim();
  expect(token).toMatch(/^pub_/);
  const withToken = { ...env, PUB_TOKEN: token, PUB_OTP: alice.authenticator.wrongCode() };
  const runs = [
    loggedIn,
    await run(['publish'], withToken, { cwd: join(home.path, 'project') }),
    await run(['owner', 'require-2fa', 'traced'], withToken),
    await run(['logout'], withToken),
  ];
  const trace = runs.map(told).join('');
  expect(trace.match(/^[A-Z]+ <registry>\S* -> \d+/gm)).toMatchInlineSnapshot(`
    [
      "PUT <registry>/-/user/org.couchdb.user:alice -> 201",
      "GET <registry>/-/whoami -> 200",
      "POST <registry>/-/pub/v1/preflight -> 200",
      "PUT <registry>/-/pub/v1/releases/npm/traced/1.0.0 -> 201",
      "POST <registry>/-/package/traced/access -> 401",
      "POST <registry>/-/pub/v1/logout -> 204",
    ]
  `);
  for (const secret of [token, alice.password, code, withToken.PUB_OTP]) {
    expect(trace).not.toContain(secret);
    expect(trace).not.toContain(encodeURIComponent(secret));
    expect(trace).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
  }
});
