import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RegistryTarget } from '../../src/config/registry-target.ts';
import { createKeychain, type LoginAccounts } from '../../src/credentials/keychain.ts';
import { createKeychainProcess, keychainChildPath } from '../../src/credentials/keychain-process.ts';
import type { CredentialStore } from '../../src/credentials/provider.ts';
import { PubError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type Keyring, type KeyringOptions, startKeyring } from '../support/keyring.ts';
import { pinnedNode, root } from '../support/places.ts';
import { collect, run, startProcess } from '../support/processes.ts';
import { program } from '../support/tools.ts';

const lacking = [
  program('dbus-daemon', 'dbus'),
  program('gnome-keyring-daemon', 'gnome-keyring'),
  program('secret-tool', 'libsecret-tools'),
  program('Xvfb', 'xvfb'),
].filter((lack) => lack !== undefined);
if (process.env['CI'] && lacking.length > 0) throw new Error(lacking.join('; '));

const registry: RegistryTarget = {
  name: undefined,
  url: 'https://registry.example/npm/',
  chosenBy: '--registry',
};
const service = 'pub:https://registry.example/npm';
const token = 'pub_a_token_that_must_not_be_seen';

const opened: (Keyring | FreshHome)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

async function keyringIn(options: KeyringOptions): Promise<Keyring> {
  const keyring = await startKeyring(options);
  opened.push(keyring);
  return keyring;
}

function loggedIn(account?: string): LoginAccounts & { current(): string | undefined } {
  let remembered = account;
  return {
    accountOf: async () => remembered,
    remember: async (_url, name) => {
      remembered = name;
    },
    forget: async () => {
      remembered = undefined;
    },
    current: () => remembered,
  };
}

interface Setting {
  readonly environment: Readonly<Record<string, string>>;
  readonly accounts?: LoginAccounts;
  readonly interactive?: boolean;
  readonly signal?: AbortSignal;
  readonly note?: (text: string) => void;
}

function keychain(setting: Setting): CredentialStore {
  const { environment, accounts = loggedIn('alice'), interactive = false, note = () => {} } = setting;
  const childPath = keychainChildPath(new URL('../../src/wiring.ts', import.meta.url).href);
  const ask = createKeychainProcess({ nodePath: pinnedNode, childPath, environment, signal: setting.signal });
  return createKeychain({ ask, accounts, environment, platform: 'linux', interactive, note });
}

async function failure(promise: Promise<unknown>): Promise<PubError> {
  const outcome = await promise.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(PubError);
  expect(String((outcome as PubError).cause)).not.toContain(token);
  return outcome as PubError;
}

/** The children of this checkout that still run. */
async function childrenLeft(): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'args='], { env: { PATH: process.env['PATH'] ?? '' } });
  return stdout.split('\n').filter((line) => line.includes('keychain-child.ts') && line.includes(root));
}

async function filesContaining(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const hits = await Promise.all(files.map(async (file) => (await readFile(file)).includes(text)));
  return files.filter((_, index) => hits[index]);
}

describe.skipIf(lacking.length > 0)('an unlocked keyring', () => {
  test('a stored token can be read back, by us and by a person with secret-tool', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const accounts = loggedIn();
    const store = keychain({ environment: keyring.environment, accounts });
    await store.store(registry, 'alice', new Secret(token));

    const found = await store.get(registry);
    expect(found?.token.expose()).toBe(token);
    expect(found).toMatchObject({ account: 'alice', source: 'the keychain' });
    expect(accounts.current()).toBe('alice');
    expect(await keyring.lookUp(service, 'alice')).toBe(token);
  });

  test('no file below the home holds the token in the clear', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await keychain({ environment: keyring.environment }).store(registry, 'alice', new Secret(token));
    expect(await filesContaining(keyring.home.path, 'pub:https')).not.toContain(token);
    expect(await filesContaining(keyring.home.path, token)).toEqual([]);
    const plain = await keyring.home.file('clear.txt', token);
    expect(await filesContaining(keyring.home.path, token)).toEqual([plain]);
  });

  test('an erased token is gone, and erasing again says that there was none', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const accounts = loggedIn();
    const store = keychain({ environment: keyring.environment, accounts });
    await store.store(registry, 'alice', new Secret(token));
    expect(await store.erase(registry)).toBe(true);
    expect(await keyring.lookUp(service, 'alice')).toBeUndefined();
    expect(accounts.current()).toBeUndefined();
    expect(await store.erase(registry)).toBe(false);
  });

  test('logging in as somebody else leaves no token of the first account behind', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const store = keychain({ environment: keyring.environment, accounts: loggedIn() });
    await store.store(registry, 'alice', new Secret(token));
    await store.store(registry, 'bob', new Secret('another-token'));
    expect(await keyring.lookUp(service, 'alice')).toBeUndefined();
    expect(await keyring.lookUp(service, 'bob')).toBe('another-token');
  });

  test('a token whose account cannot be remembered does not stay in the keychain', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const accounts = { ...loggedIn(), remember: () => Promise.reject(new PubError('E_CONFIG', 'read-only')) };
    const store = keychain({ environment: keyring.environment, accounts });
    expect((await failure(store.store(registry, 'alice', new Secret(token)))).code).toBe('E_CONFIG');
    expect(await keyring.lookUp(service, 'alice')).toBeUndefined();
  });

  test('an entry that a person stored with secret-tool is found, one that nobody stored is absent', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const store = keychain({ environment: keyring.environment });
    expect(await store.get(registry)).toBeUndefined();
    const args = ['store', '--label=by hand', 'service', service, 'username', 'alice'];
    await run('secret-tool', args, { env: keyring.environment, input: token });
    expect((await store.get(registry))?.token.expose()).toBe(token);
  });

  test('two entries for one account are refused, with the command that removes them', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    for (const extra of ['one', 'two']) {
      const args = ['store', '--label=double', 'service', service, 'username', 'alice', 'extra', extra];
      await run('secret-tool', args, { env: keyring.environment, input: token });
    }
    const error = await failure(keychain({ environment: keyring.environment }).get(registry));
    expect(error.code).toBe('E_KEYCHAIN_DENIED');
    expect(error.hint).toContain('secret-tool clear service pub:https://registry.example/npm username alice');
  });

  test('ten processes that store at the same time all succeed', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const names = Array.from({ length: 10 }, (_, index) => `user-${index}`);
    const { environment } = keyring;
    await Promise.all(
      names.map((name) =>
        keychain({ environment, accounts: loggedIn() }).store(registry, name, new Secret(`token of ${name}`)),
      ),
    );
    const found = await Promise.all(names.map((name) => keyring.lookUp(service, name)));
    expect(found).toEqual(names.map((name) => `token of ${name}`));
  });
});

describe.skipIf(lacking.length > 0)('a keychain that cannot answer', () => {
  test('a locked keyring without a display fails at once and says how to go on', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const store = keychain({ environment: keyring.environment, interactive: true });
    await store.store(registry, 'alice', new Secret(token));
    await keyring.become('locked');
    for (const attempt of [
      () => store.get(registry),
      () => store.erase(registry),
      () => store.store(registry, 'alice', new Secret(token)),
    ]) {
      const error = await failure(attempt());
      expect(error).toMatchObject({ code: 'E_KEYCHAIN_LOCKED', message: 'the keychain is locked' });
      expect(error.hint).toContain('PUB_TOKEN');
    }
  });

  test('a probe tells what storing would meet, and leaves nothing behind', async () => {
    const unlocked = await keyringIn({ state: 'unlocked' });
    await keychain({ environment: unlocked.environment }).probe(registry);
    expect(await unlocked.lookUp(service, 'pub-probe')).toBeUndefined();
    const locked = await keyringIn({ state: 'locked' });
    const store = keychain({ environment: locked.environment });
    expect((await failure(store.probe(registry))).code).toBe('E_KEYCHAIN_LOCKED');
    // Nothing in it matches, so reading cannot tell.
    expect(await store.get(registry)).toBeUndefined();
  });

  test('a keyring that was locked from the start refuses to store', async () => {
    const keyring = await keyringIn({ state: 'locked' });
    const error = await failure(
      keychain({ environment: keyring.environment }).store(registry, 'alice', new Secret(token)),
    );
    expect(error.code).toBe('E_KEYCHAIN_LOCKED');
  });

  test('a locked keyring whose dialog nobody can see is not waited for', async () => {
    const keyring = await keyringIn({ state: 'unlocked', display: true });
    const store = keychain({ environment: keyring.environment, interactive: false });
    await store.store(registry, 'alice', new Secret(token));
    await keyring.become('locked');
    expect((await failure(store.get(registry))).code).toBe('E_KEYCHAIN_LOCKED');
    expect((await failure(store.store(registry, 'alice', new Secret(token)))).code).toBe('E_KEYCHAIN_LOCKED');
    await expect.poll(childrenLeft).toEqual([]);
  });

  test('a bus without a service is told apart from an empty keyring', async () => {
    const keyring = await keyringIn({ state: 'absent' });
    const error = await failure(keychain({ environment: keyring.environment }).get(registry));
    expect(error).toMatchObject({
      code: 'E_KEYCHAIN_UNAVAILABLE',
      message: 'there is no keychain to be reached',
    });
    expect(error.hint).toContain('PUB_TOKEN');
  });

  test('no bus at all is the same, and nothing lands in the keyring of the kernel', async () => {
    const home = await freshHome();
    opened.push(home);
    const store = keychain({ environment: home.env });
    for (const attempt of [
      () => store.get(registry),
      () => store.store(registry, 'alice', new Secret(token)),
    ]) {
      expect((await failure(attempt())).code).toBe('E_KEYCHAIN_UNAVAILABLE');
    }
    expect(await readFile('/proc/keys', 'utf8').catch(() => '')).not.toContain('registry.example');
  });

  test('a frozen service has a message of its own, and its child is gone afterwards', async () => {
    const keyring = await keyringIn({ state: 'frozen' });
    const error = await failure(keychain({ environment: keyring.environment }).get(registry));
    expect(error).toMatchObject({
      code: 'E_KEYCHAIN_UNAVAILABLE',
      message: 'the keychain does not answer',
    });
    await expect.poll(childrenLeft).toEqual([]);
  });

  test('Ctrl-C ends the wait for a dialog, and the child with it', async () => {
    const keyring = await keyringIn({ state: 'unlocked', display: true });
    const interrupt = new AbortController();
    const notes: string[] = [];
    const store = keychain({
      environment: keyring.environment,
      interactive: true,
      signal: interrupt.signal,
      note: (text) => {
        notes.push(text);
        interrupt.abort();
      },
    });
    await store.store(registry, 'alice', new Secret(token));
    await keyring.become('locked');
    expect((await failure(store.get(registry))).code).toBe('E_INTERRUPTED');
    expect(notes).toEqual([
      'Waiting for the keychain: answer its dialog to unlock it, or press Ctrl-C to give up',
    ]);
    await expect.poll(childrenLeft).toEqual([]);
    expect((await failure(store.get(registry))).code).toBe('E_INTERRUPTED');
  });

  test('a child whose parent was killed does not wait on alone', async () => {
    const keyring = await keyringIn({ state: 'unlocked', display: true });
    const { environment } = keyring;
    await keychain({ environment }).store(registry, 'alice', new Secret(token));
    await keyring.become('locked');
    const child = startProcess(pinnedNode, [join(root, 'bin', 'keychain-child.ts')], { env: environment });
    const output = collect(child);
    child.stdin?.write(`${JSON.stringify({ action: 'get', service, account: 'alice', mayPrompt: true })}\n`);
    await expect.poll(output.stdout).toContain('asking');
    const closed = once(child, 'close');
    child.stdin?.destroy();
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(output.stdout()).not.toContain(token);
  });
});
