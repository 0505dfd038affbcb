import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createCargoKeychain } from '../../src/credentials/cargo-keychain.ts';
import { createToolRunner } from '../../src/credentials/keychain-tool.ts';
import type { Credential } from '../../src/credentials/provider.ts';
import { PubError } from '../../src/errors.ts';
import { type Keyring, type KeyringOptions, startKeyring } from '../support/keyring.ts';
import { expectSuccess, run } from '../support/processes.ts';
import { program } from '../support/tools.ts';

/** Entries as `cargo:libsecret` makes them, in a real keyring. */
const lacking = [
  program('dbus-daemon', 'dbus'),
  program('gnome-keyring-daemon', 'gnome-keyring'),
  program('secret-tool', 'libsecret-tools'),
  program('Xvfb', 'xvfb'),
].filter((lack) => lack !== undefined);
if (process.env['CI'] && lacking.length > 0) throw new Error(lacking.join('; '));

const index = 'sparse+https://registry.example/cargo/index/';
const token = 'a_token_of_cargo_that_must_not_be_seen';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

async function keyringIn(options: KeyringOptions): Promise<Keyring> {
  const keyring = await startKeyring(options);
  opened.push(keyring);
  return keyring;
}

async function storeAsCargo(keyring: Keyring, url: string, secret: string): Promise<void> {
  const attributes = ['xdg:schema', 'org.rust-lang.cargo.registry', 'url', url];
  const args = ['store', '--label=cargo-registry:lab', ...attributes];
  expectSuccess(await run('secret-tool', args, { env: { ...keyring.environment }, input: secret }));
}

interface Setting {
  readonly environment: Readonly<Record<string, string>>;
  readonly interactive?: boolean;
  readonly signal?: AbortSignal;
  readonly note?: (text: string) => void;
}

async function read(url: string, setting: Setting): Promise<Credential | undefined> {
  const { environment, interactive = false, note = () => {}, signal } = setting;
  const provider = createCargoKeychain({
    runTool: createToolRunner({ environment, signal }),
    ask: () => Promise.reject(new Error('unexpected question to our own entries')),
    ...{ environment, interactive, note },
    platform: 'linux',
  });
  return await provider.get({ name: 'lab', url, chosenBy: '--registry' });
}

async function failure(promise: Promise<unknown>): Promise<PubError> {
  const outcome = await promise.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(PubError);
  expect(String((outcome as PubError).cause)).not.toContain(token);
  return outcome as PubError;
}

describe.skipIf(lacking.length > 0)("cargo's entry in the keyring", () => {
  test('is read for its registry and for no other, and is only lent', async () => {
    const { environment, ...keyring } = await keyringIn({ state: 'unlocked' });
    await storeAsCargo({ environment, ...keyring }, index, token);
    const found = await read(index, { environment });
    expect(found?.token.expose()).toBe(token);
    expect(found).toMatchObject({ source: "cargo's keychain entry", kept: false });
    expect(await read('sparse+https://registry.example/cargo/', { environment })).toBeUndefined();
    expect(await read('https://registry.example/cargo/index/', { environment })).toBeUndefined();
  });

  test('of crates.io goes by the name that cargo has for its index', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await storeAsCargo(keyring, 'https://github.com/rust-lang/crates.io-index', token);
    const found = await read('https://github.com/rust-lang/crates.io-index/', keyring);
    expect(found?.token.expose()).toBe(token);
  });

  test('of another program with the same address is not taken for it', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    const args = ['store', '--label=other', 'url', index];
    expectSuccess(await run('secret-tool', args, { env: { ...keyring.environment }, input: token }));
    expect(await read(index, keyring)).toBeUndefined();
  });

  test('that holds no token is refused without being shown', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await storeAsCargo(keyring, index, `${token}\nx`);
    expect((await failure(read(index, keyring))).code).toBe('E_KEYCHAIN_DENIED');
  });

  test('in a locked keyring is an error, not an absence; what is not there is absent all the same', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await storeAsCargo(keyring, index, token);
    await keyring.become('locked');
    expect((await failure(read(index, keyring))).code).toBe('E_KEYCHAIN_LOCKED');
    expect(await read('sparse+https://other.example/', keyring)).toBeUndefined();
  });

  test('in a frozen keyring is an error', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await storeAsCargo(keyring, index, token);
    await keyring.become('frozen');
    const error = await failure(read(index, keyring));
    expect(error.code).toBe('E_KEYCHAIN_UNAVAILABLE');
    expect(error.message).toBe('the keychain does not answer');
  });

  test('that opens a dialog says what is waited for, and Ctrl-C ends the wait', async () => {
    const keyring = await keyringIn({ state: 'unlocked', display: true });
    await storeAsCargo(keyring, index, token);
    await keyring.become('locked');
    const interruption = new AbortController();
    const notes: string[] = [];
    const note = (text: string): void => {
      notes.push(text);
      interruption.abort();
    };
    const { environment } = keyring;
    const asking = read(index, { environment, interactive: true, note, signal: interruption.signal });
    expect((await failure(asking)).code).toBe('E_INTERRUPTED');
    expect(notes).toEqual([expect.stringContaining('answer its dialog')]);
  });

  test.each(['a bus without a keyring', 'no bus', 'no secret-tool'])(
    'cannot be there with %s',
    async (what) => {
      const keyring = await keyringIn({ state: what === 'no secret-tool' ? 'unlocked' : 'absent' });
      const { DBUS_SESSION_BUS_ADDRESS: bus = '', ...environment } = keyring.environment;
      if (what === 'no bus') return expect(await read(index, { environment })).toBeUndefined();
      if (what === 'no secret-tool') await storeAsCargo(keyring, index, token);
      const path = what === 'no secret-tool' ? await keyring.home.folder('empty') : environment['PATH'];
      const all = { ...environment, PATH: path ?? '', DBUS_SESSION_BUS_ADDRESS: bus };
      expect(await read(index, { environment: all })).toBeUndefined();
    },
  );

  test('the token is never in an argument', async () => {
    const keyring = await keyringIn({ state: 'unlocked' });
    await storeAsCargo(keyring, index, token);
    const log = join(keyring.home.path, 'arguments');
    const spy = await keyring.home.file(
      'bin/secret-tool',
      `#!/bin/sh\necho "$@" >> ${log}\nexec /usr/bin/secret-tool "$@"\n`,
    );
    await chmod(spy, 0o700);
    const PATH = `${join(keyring.home.path, 'bin')}:${keyring.environment['PATH']}`;
    const environment = { ...keyring.environment, PATH };
    expect((await read(index, { environment }))?.token.expose()).toBe(token);
    const { stdout } = await run('cat', [log], { env: environment });
    expect(stdout).toContain(`lookup xdg:schema org.rust-lang.cargo.registry url ${index}`);
    expect(stdout).not.toContain(token);
  });
});
