import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enrol, signUp, signUpWithFactor } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { json, startFakeRegistry } from '../support/fake-registry.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import type { Finished } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** What the built `pub` writes where, for programs that read it. */
let registry: RunningServer;
let home: FreshHome;
beforeAll(async () => {
  [registry, home] = await Promise.all([startRegistry(), freshHome()]);
  await home.file('project/package.json', JSON.stringify({ name: 'tool', version: '1.0.0' }));
  await home.file('private/package.json', JSON.stringify({ name: 'tool', version: '1.0.0', private: true }));
});
afterAll(async () => {
  await registry.stop();
  await home.remove();
});

interface Invocation {
  readonly token?: string | undefined;
  readonly input?: string;
  readonly url?: string;
  readonly cwd?: string;
}

function invoke(args: readonly string[], { token, input, url = registry.url, cwd }: Invocation = {}) {
  return pub(home).run(args, {
    cwd: cwd ?? join(home.path, 'project'),
    env: { PUB_REGISTRY: url, ...(token === undefined ? {} : { PUB_TOKEN: token }) },
    ...(input === undefined ? {} : { input }),
  });
}

/** One JSON value, a line end, and nothing else. */
function onlyJson({ stdout }: Finished): unknown {
  expect(stdout.endsWith('\n')).toBe(true);
  return JSON.parse(stdout) as unknown;
}

type Expected = readonly [args: string, exitCode: number, result: object];

async function expectJson([args, exitCode, result]: Expected, options: Invocation = {}): Promise<void> {
  const ended = await invoke([...args.split(' '), '--json'], options);
  expect(onlyJson(ended), args).toMatchObject(result);
  expect(ended.code, args).toBe(exitCode);
}

const failure = (code: string) => ({
  error: { code, message: expect.any(String), causes: expect.any(Array) },
});

describe('with --json, stdout is one JSON value', () => {
  test('from every command that does its work', async () => {
    const { token, password } = await signUp(registry.url, 'alice');
    await signUp(registry.url, 'bob');
    const story: readonly Expected[] = [
      ['--version', 0, { version: expect.any(String) }],
      ['--help', 0, { help: expect.stringContaining('publish') }],
      ['whoami', 0, { account: 'alice', source: 'PUB_TOKEN' }],
      ['package --list', 0, { name: 'tool', files: [{ path: 'package.json' }] }],
      ['package', 0, { path: expect.stringMatching(/tool-1\.0\.0\.tgz$/) }],
      ['publish --dry-run', 0, { dryRun: true }],
      ['publish', 0, { dryRun: false, alreadyPublished: false, account: 'alice' }],
      ['publish', 0, { alreadyPublished: true }],
      ['owner list tool', 0, { owners: [{ name: 'alice' }] }],
      ['owner add tool bob', 0, { invited: 'bob', role: 'owner' }],
      ['owner remove tool bob', 0, { removed: 'bob' }],
      ['owner require-2fa tool --off', 0, { secondFactorRequired: false }],
      ['2fa status', 0, { mode: 'disabled' }],
      ['registry add local http://127.0.0.1:1', 0, { name: 'local', url: 'http://127.0.0.1:1/' }],
      ['registry default local', 0, { name: 'local', default: true }],
      ['registry default', 0, { url: `${registry.url}/` }],
      ['registry list', 0, [{ name: 'local' }, { name: 'npm' }]],
      ['registry remove local', 0, { name: 'local' }],
      ['logout', 0, { revoked: true }],
    ];
    for (const step of story) await expectJson(step, { token });
    const args = ['login', '--username', 'alice', '--password-stdin', '--print-token', '--json'];
    expect(onlyJson(await invoke(args, { input: password }))).toMatchObject({ account: 'alice' });
  });

  test('from the commands that need a code', async () => {
    const carol = await signUp(registry.url, 'carol');
    const options = { token: carol.token, cwd: await home.folder('carols') };
    await home.file('carols/package.json', JSON.stringify({ name: 'carols', version: '1.0.0' }));
    await expectJson(['publish', 0, { name: 'carols' }], options);
    const { authenticator } = await enrol(registry.url, carol, 'auth-only');
    const code = await authenticator.nextCode();
    const required = { secondFactorRequired: true };
    await expectJson([`owner require-2fa carols --otp ${code}`, 0, required], options);

    const erin = await signUpWithFactor(registry.url, 'erin');
    const disable = `2fa disable --password-stdin --otp ${await erin.authenticator.nextCode()}`;
    const { token, password: input } = erin;
    await expectJson([disable, 0, { mode: 'disabled' }], { token, input });
  });

  test('from a command that fails, whatever the reason', async () => {
    const dave = await signUpWithFactor(registry.url, 'dave');
    const failures: readonly Expected[] = [
      ['whoami', 4, failure('E_NOT_LOGGED_IN')],
      ['publish', 4, failure('E_NOT_LOGGED_IN')],
      ['publish --frobnicate', 2, failure('E_USAGE')],
      ['frobnicate', 2, failure('E_USAGE')],
      ['publish --otp !', 2, failure('E_USAGE')],
      ['publish ../private', 1, failure('E_REFUSED')],
      ['publish ../nothing', 1, failure('E_PROJECT')],
      ['owner list no-such-package', 1, failure('E_NOT_FOUND')],
      ['whoami --registry no-such-registry', 1, failure('E_CONFIG')],
      ['login --print-token', 1, failure('E_NOT_INTERACTIVE')],
    ];
    await Promise.all(failures.map((one) => expectJson(one)));
    await home.file('daves/package.json', JSON.stringify({ name: 'daves', version: '1.0.0' }));
    const cwd = join(home.path, 'daves');
    await expectJson(['publish', 1, failure('E_NOT_INTERACTIVE')], { token: dave.token, cwd });
    await expectJson(['whoami', 1, failure('E_NETWORK')], { token: dave.token, url: 'http://127.0.0.1:1' });
  });
});

/** Everything a terminal acts on: controls but the line's end, and what turns the direction of text. */
const actedOn = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
const hostile = '\u001b[2J\u001b]0;owned\u0007\u009b8m\rfake\u0000\u202e\u2028\u0008end';

describe('nothing a registry says moves the cursor', () => {
  test.each<[string, string[], Readonly<Record<string, ReturnType<typeof json>>>]>([
    ['as an error', ['whoami'], { 'GET /-/whoami': json(500, { error: hostile, message: hostile }) }],
    ['as an account', ['whoami'], { 'GET /-/whoami': json(200, { username: hostile }) }],
    [
      'as the owners of a package',
      ['owner', 'list', 'tool'],
      { 'GET /tool': json(200, { name: 'tool', maintainers: [{ name: hostile, email: hostile }] }) },
    ],
    [
      'as a version that is taken',
      ['publish'],
      { 'GET /tool': json(200, { name: hostile, versions: { '1.0.0': { dist: { integrity: hostile } } } }) },
    ],
    [
      'as a refusal of the archive',
      ['publish'],
      { 'PUT /tool': json(403, { error: hostile }, { 'npm-notice': 'text \u009b2J' }) },
    ],
    [
      'as a refused preflight',
      ['publish'],
      {
        'POST /-/pub/v1/preflight': json(200, {
          account: 'alice',
          second_factor: { required: false, enrolled: false, methods: [] },
          releases: [{ name: 'tool', version: '1.0.0', decision: 'refuse', code: hostile, message: hostile }],
        }),
      },
    ],
    [
      'as a challenge',
      ['publish'],
      { 'PUT /tool': json(401, { error: hostile }, { 'www-authenticate': 'otp' }) },
    ],
    [
      'as the secret of an authenticator app',
      ['2fa', 'enable', '--password-stdin'],
      {
        'GET /-/npm/v1/user': json(200, { tfa: null }),
        'POST /-/npm/v1/user': json(200, {
          tfa: `otpauth://totp/${hostile}?secret=JBSWY3DPEHPK3PXP&x=${hostile}`,
        }),
      },
    ],
    [
      'as recovery codes',
      ['2fa', 'confirm', '--otp', '123456'],
      { 'POST /-/npm/v1/user': json(200, { tfa: [hostile, `1234${hostile}`] }) },
    ],
  ])('%s', async (_, args, routes) => {
    await using fake = await startFakeRegistry(routes);
    const runs = [[], ['--json']].map(async (more) => {
      const ended = await invoke([...args, ...more], {
        token: 'a-token',
        url: fake.url,
        input: 'a password',
      });
      expect(ended.stdout + ended.stderr).not.toBe('');
      expect(ended.stdout).not.toMatch(actedOn);
      expect(ended.stderr).not.toMatch(actedOn);
      expect(ended.stderr).not.toContain('unexpected:');
      if (more.length > 0) onlyJson(ended);
    });
    await Promise.all(runs);
    expect(fake.requests.some((request) => Object.hasOwn(routes, request))).toBe(true);
  });
});
