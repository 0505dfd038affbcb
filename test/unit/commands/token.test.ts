import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import type { ListedToken, TokenSettings } from '../../../src/ecosystems/tokens.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

const ci: ListedToken = {
  key: '9f86d081884c7d659a2feaa0c55ad015',
  name: 'ci',
  beginning: 'pub_Ab12',
  scopes: ['publish'],
  readOnly: false,
  packages: ['@acme/tool'],
  networks: ['192.0.2.0/24'],
  created: '2026-01-01T00:00:00.000Z',
  expires: '2026-01-31T00:00:00.000Z',
  lastUsed: undefined,
};

const login: ListedToken = {
  ...ci,
  key: '0a5b9e27884c7d659a2feaa0c55ad015',
  name: 'pub/1.0.0',
  scopes: undefined,
  packages: [],
  networks: [],
  lastUsed: '2026-01-02T03:00:00.000Z',
};

const secret = 'pub_secretsecretsecretsecretsecretsecretsecretse';

/** An account with these tokens, a password, and an app that shows 123456. */
function account(tokens: readonly ListedToken[] = [ci, login]) {
  const asked: TokenSettings[] = [];
  const revoked: string[] = [];
  const registry = scriptedRegistry({
    tokens: async () => tokens,
    async createToken({ oneTimePassword }, password, settings) {
      if (oneTimePassword?.expose() !== '123456')
        throw new SecondFactorRequired({ kind: 'missing', text: 'making a token needs it' });
      expect(password.expose()).toBe('correct horse');
      asked.push(settings);
      return { token: new Secret(secret), listed: ci };
    },
    async revokeToken(_proofs, key) {
      revoked.push(key);
    },
  });
  return { given: at(registry), asked, revoked };
}

function at(registry: Registry): Partial<Context> {
  const credentials = memoryCredentials('secret-token');
  return { registries: scriptedRegistries(), credentials, connect: async () => registry };
}

const answers = [
  ['password', 'correct horse'],
  ['one-time password', '123456'],
] as const;

describe('token create', () => {
  it('warns of limits that the registry does not confirm', async () => {
    const { key, name } = ci;
    const unlimited = { ...login, key, name, expires: undefined };
    const registry = scriptedRegistry({
      createToken: async () => ({ token: new Secret(secret), listed: unlimited }),
    });
    const create = async (limits: string) =>
      (await run(`token create --name ci ${limits} --otp 123456`, { ...at(registry), answers: [answers[0]] }))
        .stderr;
    expect(await create('--scope read --package tool --expires 1d --cidr 192.0.2.0/24')).toContain(
      'warning: https://registry.example does not say that it keeps to its scopes, its packages, its networks, when it ends',
    );
    expect(await create('--scope read')).toContain('pub token revoke 9f86d081884c');
  });

  it('asks for the password and the code, and prints the token alone on stdout', async () => {
    const { given, asked } = account();
    const line =
      'token create --name ci --scope publish --package @acme/tool --expires 30d --cidr 192.0.2.0/24 --description nightly';
    expect(await run(line, { ...given, answers })).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "     Created the token ci (publish; @acme/tool; from 192.0.2.0/24; until 2026-01-31)
      It is shown only now: put it where it is used, and nowhere else.
      ",
        "stdout": "pub_secretsecretsecretsecretsecretsecretsecretse
      ",
      }
    `);
    expect(asked).toEqual([
      {
        name: 'ci',
        description: 'nightly',
        scopes: ['publish'],
        packages: ['@acme/tool'],
        networks: ['192.0.2.0/24'],
        days: 30,
      },
    ]);
  });

  it('is also JSON', async () => {
    const { given } = account();
    const line = 'token create --name ci --scope publish --otp 123456 --password-stdin --json';
    const { stdout } = await run(line, { ...given, standardInput: 'correct horse\n' });
    expect(JSON.parse(stdout)).toMatchObject({ token: secret, key: ci.key, scopes: ['publish'] });
  });

  it.each([
    ['--scope read,yank --scope read', ['read', 'yank']],
    ['--scope read publish', ['read', 'publish']],
  ])('takes %s for %j', async (scopes, expected) => {
    const { given, asked } = account();
    await run(`token create --name ci ${scopes} --otp 123456`, { ...given, answers: [answers[0]] });
    expect(asked[0]).toMatchObject({ scopes: expected, packages: [], networks: [], days: undefined });
  });

  it.each([
    'token create --scope publish',
    'token create --name ci',
    'token create --name ci --scope everything',
    'token create --name ci --scope publish --expires never',
    'token create --name ci --scope publish --expires 0d',
    'token create --name ci --scope publish --package ,',
  ])('`pub %s` is wrong usage', async (line) => {
    const { given } = account();
    expect((await run(line, given)).exitCode).toBe(2);
  });

  it('says how to go on where there is nobody to ask', async () => {
    const { given } = account();
    const { exitCode, stderr } = await run('token create --name ci --scope publish', given);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('--password-stdin')]);
  });
});

describe('token list', () => {
  it('prints a line for each', async () => {
    const { given } = account();
    expect((await run('token list', given)).stdout).toMatchInlineSnapshot(`
      "9f86d081884c  ci  publish; @acme/tool; from 192.0.2.0/24; until 2026-01-31
      0a5b9e27884c  pub/1.0.0  everything your account may; all packages; until 2026-01-31; last used 2026-01-02
      "
    `);
  });

  it('is also JSON', async () => {
    const { given } = account([login]);
    expect(JSON.parse((await run('token list --json', given)).stdout)).toMatchInlineSnapshot(`
      {
        "tokens": [
          {
            "created": "2026-01-01T00:00:00.000Z",
            "expires": "2026-01-31T00:00:00.000Z",
            "key": "0a5b9e27884c7d659a2feaa0c55ad015",
            "lastUsed": "2026-01-02T03:00:00.000Z",
            "name": "pub/1.0.0",
            "networks": [],
            "packages": [],
            "readOnly": false,
            "scopes": null,
          },
        ],
      }
    `);
  });

  it('prints nothing where there is none', async () => {
    expect((await run('token list', account([]).given)).stdout).toBe('');
  });
});

describe('token revoke', () => {
  it.each([ci.key, ci.key.slice(0, 6), 'ci'])('ends the token named by %s', async (which) => {
    const { given, revoked } = account();
    const { exitCode, stderr, stdout } = await run(`token revoke ${which}`, given);
    expect([exitCode, stderr.trim(), stdout, revoked]).toEqual([0, 'Revoked the token ci', '', [ci.key]]);
  });

  it.each(['9f86d', 'nightly', '9f86d082'])('finds none by %s', async (which) => {
    const { given, revoked } = account();
    const { exitCode, stderr } = await run(`token revoke ${which}`, given);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('no token of yours')]);
    expect(revoked).toEqual([]);
  });

  it('ends none where two fit', async () => {
    const { given, revoked } = account([ci, { ...ci, key: '9f86d0ff' }]);
    for (const which of ['9f86d0', 'ci']) {
      expect((await run(`token revoke ${which}`, given)).stderr).toContain('more than one token fits');
    }
    expect(revoked).toEqual([]);
  });

  it('takes no token in the command line, and does not repeat it', async () => {
    const { given } = account();
    const { exitCode, stderr, stdout } = await run(`token revoke ${secret}`, given);
    expect(exitCode).toBe(2);
    expect(stderr + stdout).not.toContain(secret);
  });
});
