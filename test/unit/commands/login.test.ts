import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { CredentialStore, Credentials } from '../../../src/credentials/provider.ts';
import type { Login, Registry } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import {
  memoryCredentials,
  only,
  scriptedRegistries,
  scriptedRegistry,
} from '../../support/scripted-context.ts';

/** One account, alice, and one token that belongs to her. */
function registryOf(given: Partial<Registry> = {}) {
  const logins: Login[] = [];
  const registry = scriptedRegistry({
    beginBrowserLogin: async () => undefined,
    async logIn(login) {
      logins.push(login);
      if (login.password.expose() !== 'correct horse')
        throw new PubError('E_LOGIN_REFUSED', 'wrong password');
      return new Secret('fresh-token');
    },
    async whoAmI(token) {
      if (token.expose() === 'fresh-token') return 'alice';
      throw new PubError('E_NOT_LOGGED_IN', 'the registry does not accept the token');
    },
    ...given,
  });
  return { registry, logins };
}

function loggingIn(registry: Registry, credentials: Credentials = memoryCredentials()): Partial<Context> {
  return { registries: scriptedRegistries(), credentials, connect: async () => registry };
}

describe('a login', () => {
  it('asks for name and password, tries the token, keeps it, and says where', async () => {
    const { registry } = registryOf();
    const credentials = memoryCredentials();
    const outcome = await run('login', {
      ...loggingIn(registry, credentials),
      answers: [
        ['user name', 'alice'],
        ['password', 'correct horse'],
      ],
    });
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "   Logged in as alice at https://registry.example
            Stored the token in the keychain of this computer
      ",
        "stdout": "",
      }
    `);
    expect(credentials.kept?.token.expose()).toBe('fresh-token');
    expect(credentials.kept?.account).toBe('alice');
  });

  it('asks for the second factor when the registry does', async () => {
    const { registry } = registryOf({
      async logIn({ oneTimePassword }) {
        if (oneTimePassword?.expose() === '123456') return new Secret('fresh-token');
        throw new SecondFactorRequired({ kind: 'missing', text: 'enter your code' });
      },
    });
    const answers = [
      ['password', 'correct horse'],
      ['enter your code', '123456'],
    ] as const;
    const outcome = await run('login --username alice', { ...loggingIn(registry), answers });
    expect(outcome.exitCode).toBe(0);
  });

  it('keeps nothing after a wrong password', async () => {
    const { registry } = registryOf();
    const credentials = memoryCredentials();
    const answers = [['password', 'wrong']] as const;
    const outcome = await run('login --username alice', { ...loggingIn(registry, credentials), answers });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(credentials.kept).toBeUndefined();
  });

  it('without a terminal says how to go without one', async () => {
    const { registry } = registryOf();
    const { exitCode, stderr } = await run('login', loggingIn(registry));
    expect(exitCode).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "error: cannot ask "user name at https://registry.example": this is not a terminal
      hint: pass --username <name>, or a token with --token-stdin
      "
    `);
  });

  it('signs up with an address and a password typed twice', async () => {
    const { registry, logins } = registryOf();
    const outcome = await run('login --sign-up', {
      ...loggingIn(registry),
      answers: [
        ['user name', 'alice'],
        ['e-mail', 'alice@mail.example'],
        ['password', 'correct horse'],
        ['once more', 'correct horse'],
      ],
    });
    expect(outcome.exitCode).toBe(0);
    expect(logins[0]).toMatchObject({ username: 'alice', email: 'alice@mail.example' });
  });

  it('sends nothing when the two passwords differ', async () => {
    const { registry, logins } = registryOf();
    const outcome = await run('login --sign-up --username alice --email alice@mail.example', {
      ...loggingIn(registry),
      answers: [
        ['password', 'correct horse'],
        ['once more', 'correct house'],
      ],
    });
    expect(outcome.exitCode).toBe(2);
    expect(logins).toEqual([]);
  });

  it('works in a script, with the password on standard input', async () => {
    const { registry } = registryOf();
    const given = { ...loggingIn(registry), standardInput: 'correct horse\n' };
    const { exitCode, stdout } = await run('login --username alice --password-stdin --json', given);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      account: 'alice',
      registry: 'https://registry.example',
      storedIn: 'keychain',
    });
  });

  it('asks the keychain before the person: a token that cannot be kept is not made', async () => {
    const { registry, logins } = registryOf();
    const credentials = memoryCredentials();
    credentials.keychain.probe = async () => {
      throw new PubError('E_KEYCHAIN_LOCKED', 'the keychain is locked');
    };
    const { stderr } = await run('login', { ...loggingIn(registry, credentials), answers: [] });
    expect(stderr).toBe('error: the keychain is locked\n');
    expect(logins).toEqual([]);
  });

  it('revokes the token it could not keep', async () => {
    const revoked: string[] = [];
    const { registry } = registryOf({
      async revoke(token) {
        revoked.push(token.expose());
        return true;
      },
    });
    const credentials = memoryCredentials();
    credentials.keychain.store = async () => {
      throw new PubError('E_KEYCHAIN_DENIED', 'the keychain refused');
    };
    const given = { ...loggingIn(registry, credentials), standardInput: 'correct horse' };
    const { stderr } = await run('login --username alice --password-stdin', given);
    expect(stderr).toContain('the keychain refused');
    expect(revoked).toEqual(['fresh-token']);
  });

  it('revokes the token that the registry gave and does not accept', async () => {
    const revoked: string[] = [];
    const { registry } = registryOf({
      async revoke(token) {
        revoked.push(token.expose());
        return true;
      },
      async whoAmI() {
        throw new PubError('E_NETWORK', 'no answer');
      },
    });
    const credentials = memoryCredentials();
    const given = { ...loggingIn(registry, credentials), standardInput: 'correct horse' };
    expect((await run('login --username alice --password-stdin', given)).exitCode).toBe(1);
    expect(revoked).toEqual(['fresh-token']);
    expect(credentials.kept).toBeUndefined();
  });

  it('says that an earlier token stays valid', async () => {
    const { registry } = registryOf();
    const given = { ...loggingIn(registry, memoryCredentials('old')), standardInput: 'fresh-token' };
    expect((await run('login --token-stdin', given)).stderr).toContain('stays valid');
  });
});

describe('a login with a token made elsewhere', () => {
  it('keeps it after the registry accepted it', async () => {
    const credentials = memoryCredentials();
    const { registry } = registryOf();
    const given = { ...loggingIn(registry, credentials), standardInput: 'fresh-token\r\n' };
    expect((await run('login --token-stdin', given)).exitCode).toBe(0);
    expect(credentials.kept?.token.expose()).toBe('fresh-token');
  });

  it('keeps nothing when the registry does not accept it, and leaves the earlier one', async () => {
    const credentials = memoryCredentials('earlier');
    const given = { ...loggingIn(registryOf().registry, credentials), standardInput: 'stale-token' };
    const outcome = await run('login --token-stdin', given);
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).not.toContain('stale-token');
    expect(credentials.kept?.token.expose()).toBe('earlier');
  });

  it.each(['', '\n', 'one\ntwo', 'with space', 'tö', 'a\u001bb', 'a\u0000'])(
    'refuses %j without showing it to the registry',
    async (standardInput) => {
      const { exitCode, stderr } = await run('login --token-stdin', {
        ...loggingIn(scriptedRegistry({})),
        standardInput,
      });
      expect(exitCode).toBe(2);
      if (standardInput.trim() !== '') expect(stderr).not.toContain(standardInput);
    },
  );

  it('leaves a token put into the command line out of its message', async () => {
    for (const line of ['login --token=npm_secret', 'login npm_secret', 'login --token-stdin=npm_secret']) {
      const { exitCode, stdout, stderr } = await run(`${line} --json`);
      expect(exitCode, line).toBe(2);
      expect(stdout + stderr, line).not.toContain('npm_secret');
    }
  });
});

describe('a logout', () => {
  it('revokes, erases, and says so', async () => {
    const credentials = memoryCredentials('old-token');
    const registry = scriptedRegistry({ revoke: async (token) => token.expose() === 'old-token' });
    expect(await run('logout', loggingIn(registry, credentials))).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "      Erased the token from the keychain of this computer
        Logged out from https://registry.example
      ",
        "stdout": "",
      }
    `);
    expect(credentials.kept).toBeUndefined();
  });

  it('erases and fails when the registry cannot revoke', async () => {
    const credentials = memoryCredentials('old-token');
    const registry = scriptedRegistry({ revoke: async () => false });
    expect(await run('logout', loggingIn(registry, credentials))).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "      Erased the token from the keychain of this computer
      error: the token was erased here, but https://registry.example did not revoke it: it is still valid
      caused by: this registry has no way to revoke a token
      hint: whoever has a copy can use it until it expires: revoke it on the registry’s own pages or ask its operator
      ",
        "stdout": "",
      }
    `);
    expect(credentials.kept).toBeUndefined();
  });

  it('erases and fails when the registry cannot be reached', async () => {
    const credentials = memoryCredentials('old-token');
    const registry = scriptedRegistry({
      async revoke() {
        throw new PubError('E_NETWORK', 'no answer from registry.example');
      },
    });
    const { exitCode, stdout } = await run('logout --json', loggingIn(registry, credentials));
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'E_NETWORK' } });
    expect(credentials.kept).toBeUndefined();
  });

  it('erases a token that was dead already, and is content', async () => {
    const credentials = memoryCredentials('old-token');
    const registry = scriptedRegistry({
      async revoke() {
        throw new PubError('E_NOT_LOGGED_IN', '401: unknown token');
      },
    });
    expect((await run('logout', loggingIn(registry, credentials))).exitCode).toBe(0);
    expect(credentials.kept).toBeUndefined();
  });

  it('keeps the token when Ctrl-C came before the registry answered', async () => {
    const credentials = memoryCredentials('old-token');
    const registry = scriptedRegistry({
      async revoke() {
        throw new PubError('E_INTERRUPTED', 'interrupted');
      },
    });
    expect((await run('logout', loggingIn(registry, credentials))).exitCode).toBe(130);
    expect(credentials.kept?.token.expose()).toBe('old-token');
  });

  it('is told when there is nothing to log out from', async () => {
    const { exitCode, stderr } = await run('logout', loggingIn(scriptedRegistry({})));
    expect(exitCode).toBe(4);
    expect(stderr).toMatchInlineSnapshot(`
      "error: not logged in to https://registry.example
      hint: run \`pub login\`
      "
    `);
  });
});

describe('a login in a browser', () => {
  const page = { pageUrl: 'https://registry.example/page', doneUrl: 'https://registry.example/done' };

  it('sends the person to the page, waits, and keeps the token', async () => {
    const { registry, logins } = registryOf({
      beginBrowserLogin: async () => page,
      collect: async (request) => {
        expect(request).toBe(page);
        return new Secret('fresh-token');
      },
    });
    const credentials = memoryCredentials();
    const { exitCode, stderr } = await run('login', {
      ...loggingIn(registry, credentials),
      answers: [['in a browser', page.pageUrl]],
    });
    expect({ exitCode, logins, kept: credentials.kept?.token.expose() }).toEqual({
      exitCode: 0,
      logins: [],
      kept: 'fresh-token',
    });
    expect(stderr).toContain('Logged in as alice');
  });

  it('is not begun for a name given on the command line', async () => {
    const { registry } = registryOf({
      beginBrowserLogin: async () => {
        throw new Error('unexpected');
      },
    });
    const answers = [['password', 'correct horse']] as const;
    expect((await run('login --username alice', { ...loggingIn(registry), answers })).exitCode).toBe(0);
  });

  it('keeps nothing when it is denied there', async () => {
    const denied = new PubError('E_SECOND_FACTOR', 'it was not approved in the browser');
    const { registry } = registryOf({
      beginBrowserLogin: async () => page,
      collect: async () => {
        throw denied;
      },
    });
    const credentials = memoryCredentials();
    const given = { ...loggingIn(registry, credentials), answers: [['in a browser', page.pageUrl]] as const };
    expect((await run('login', given)).exitCode).toBe(1);
    expect(credentials.kept).toBeUndefined();
  });
});

describe('a token that is not kept here', () => {
  it('is printed on stdout and goes into no keychain', async () => {
    const { registry } = registryOf();
    const credentials = { ...memoryCredentials(), keychain: only<CredentialStore>('keychain', {}) };
    const { exitCode, stdout, stderr } = await run('login --username alice --print-token', {
      ...loggingIn(registry, credentials),
      answers: [['password', 'correct horse']],
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'fresh-token\n' });
    expect(stderr).not.toContain('fresh-token');
  });

  it('is revoked when the registry does not know it, and not printed', async () => {
    const revoked: string[] = [];
    const { registry } = registryOf({
      whoAmI: async () => {
        throw new PubError('E_REGISTRY', 'failed');
      },
      revoke: async (token) => {
        revoked.push(token.expose());
        return true;
      },
    });
    const answers = [['password', 'correct horse']] as const;
    const given = { ...loggingIn(registry), answers };
    expect(await run('login --username alice --print-token', given)).toMatchObject({
      exitCode: 1,
      stdout: '',
    });
    expect(revoked).toEqual(['fresh-token']);
  });

  it('is revoked by a logout, which says where to remove it', async () => {
    const revoked: string[] = [];
    const registry = scriptedRegistry({
      revoke: async (token) => {
        revoked.push(token.expose());
        return true;
      },
    });
    const lent = { token: new Secret('lent'), account: undefined, source: 'PUB_TOKEN', kept: false };
    const credentials = {
      ...memoryCredentials(),
      require: async () => lent,
      keychain: only<CredentialStore>('keychain', {}),
    };
    const { exitCode, stderr } = await run('logout', loggingIn(registry, credentials));
    expect({ exitCode, revoked }).toEqual({ exitCode: 0, revoked: ['lent'] });
    expect(stderr).toContain('The token came from PUB_TOKEN');
  });
});

describe('whoami', () => {
  it('prints the account, and where the token came from as JSON', async () => {
    const given = loggingIn(registryOf().registry, memoryCredentials('fresh-token'));
    expect(await run('whoami', given)).toEqual({ exitCode: 0, stdout: 'alice\n', stderr: '' });
    expect(JSON.parse((await run('whoami --json', given)).stdout)).toEqual({
      account: 'alice',
      registry: 'https://registry.example',
      source: 'the keychain',
    });
  });

  it('exits with 4 for no token and for a dead one', async () => {
    expect((await run('whoami', loggingIn(registryOf().registry))).exitCode).toBe(4);
    const stale = loggingIn(registryOf().registry, memoryCredentials('stale'));
    expect((await run('whoami', stale)).exitCode).toBe(4);
  });

  it('takes the registry of --registry', async () => {
    const asked: unknown[] = [];
    const registries = scriptedRegistries({
      async resolve(choice) {
        asked.push(choice);
        throw new PubError('E_CONFIG', 'there is no registry named `work`');
      },
    });
    expect((await run('whoami --registry work', { registries })).exitCode).toBe(1);
    expect(asked).toEqual([{ explicit: 'work' }]);
  });
});
