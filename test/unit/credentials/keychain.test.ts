import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RegistryTarget } from '../../../src/config/registry-target.ts';
import { createKeychain } from '../../../src/credentials/keychain.ts';
import { entryFor, requireFits } from '../../../src/credentials/keychain-entry.ts';
import { faultOf, isRace } from '../../../src/credentials/keychain-fault.ts';
import { createKeychainProcess, type KeychainLimits } from '../../../src/credentials/keychain-process.ts';
import type { KeychainAnswer, KeychainRequest } from '../../../src/credentials/keychain-protocol.ts';
import { PubError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

const registry: RegistryTarget = { name: undefined, url: 'https://registry.example/', chosenBy: '' };
const entry = { service: 'pub:https://registry.example', account: 'alice' };

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

describe('an entry', () => {
  test('is named so that a person can find it', () => {
    expect(entryFor('https://registry.example/', 'alice', 'linux')).toEqual(entry);
    expect(entryFor('http://127.0.0.1:4873/npm/', 'a.b', 'darwin')).toEqual({
      service: 'pub:http://127.0.0.1:4873/npm',
      account: 'a.b',
    });
  });

  test('on Windows no two accounts share one, and none runs into the service', () => {
    const names = ['a.b', 'a~2eb', 'a-b', 'a_b', 'A.b', 'A-b', 'ä', 'a/b'];
    const accounts = names.map((name) => entryFor(registry.url, name, 'win32').account);
    // Without regard to case, as Windows compares them.
    expect(new Set(accounts.map((account) => account.toLowerCase())).size).toBe(names.length);
    for (const account of accounts) expect(account).toMatch(/^[A-Za-z0-9_~-]+$/);
  });

  test.each(['linux', 'darwin', 'win32'] as const)(
    'of one registry is not that of another: %s',
    (platform) => {
      const paths = ['npm', 'NPM', 'n~50m'];
      const services = paths.map(
        (path) => entryFor(`https://registry.example/${path}/`, 'a', platform).service,
      );
      const compared = platform === 'win32' ? services.map((service) => service.toLowerCase()) : services;
      expect(new Set(compared).size).toBe(paths.length);
    },
  );

  test.each(['', 'a\u0000b', 'a\nb', 'x'.repeat(201)])('is not made for the account %j', (account) => {
    expect(() => entryFor(registry.url, account, 'linux')).toThrow(PubError);
  });

  test('on Windows holds no more than the system does', () => {
    expect(() => requireFits(new Secret('x'.repeat(1280)), 'win32')).not.toThrow();
    expect(() => requireFits(new Secret('x'.repeat(1281)), 'win32')).toThrow('too long');
    expect(() => requireFits(new Secret('x'.repeat(100_000)), 'linux')).not.toThrow();
  });
});

test.each([
  ['zbus error: org.freedesktop.Secret.Error.IsLocked: Cannot get secret of a locked object', 'locked'],
  ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", 'locked'],
  ['User interaction is not allowed. (-25308)', 'locked'],
  ['DBus error: Did not receive a reply. Possible causes include: …', 'silent'],
  ["Couldn't access platform storage: Secret Service: no result found", 'unavailable'],
  ["Couldn't access platform storage: AccessDenied", 'denied'],
  ['Entry is matched by 2 credentials: […]', 'ambiguous'],
  ['Password data is not valid UTF-8', 'denied'],
  ['something nobody has seen yet', 'unavailable'],
])('the failure "%s" is %s', (message, status) => {
  expect(faultOf(new Error(message))).toEqual({ status, reason: message });
});

test.each([
  [
    'DBus error: The name org.freedesktop.secrets was not provided by any .service files',
    'no Secret Service',
  ],
  [
    'Using X11 for dbus-daemon autolaunch was disabled at compile time, set your DBUS_SESSION_BUS_ADDRESS instead',
    'no D-Bus',
  ],
])('the failure "%s" is told in our words', (message, words) => {
  expect(faultOf(new Error(message))).toEqual({
    status: 'unavailable',
    reason: expect.stringContaining(words),
  });
});

test('a failure of the loader shows its real cause, and a race is told from a fault', () => {
  const real = new Error('libc.so.6: version GLIBC_2.34 not found');
  expect(faultOf(new Error('npm has a bug', { cause: real })).reason).toBe(real.message);
  expect(isRace(new Error('DBus error: No such interface “org.freedesktop.Secret.Item” on object'))).toBe(
    true,
  );
  expect(isRace(real)).toBe(false);
});

describe('the keychain', () => {
  function keychain(answers: KeychainAnswer[], account?: string, more = {}) {
    const asked: KeychainRequest[] = [];
    let current = account;
    const store = createKeychain({
      ask: async (request) => {
        asked.push(request);
        const answer = answers.shift();
        if (answer === undefined) throw new Error('unexpected question to the keychain');
        return answer;
      },
      accounts: {
        accountOf: async () => current,
        remember: async (_url, name) => {
          current = name;
        },
        forget: async () => {
          current = undefined;
        },
      },
      environment: {},
      platform: 'linux',
      interactive: true,
      note() {},
      ...more,
    });
    return { store, asked, account: () => current };
  }

  test('is asked by a probe to take something and to forget it, and its fault is thrown', async () => {
    const fault = { status: 'locked', reason: 'x' } as const;
    const { store, asked, account } = keychain([{ status: 'stored' }, { status: 'erased' }, fault]);
    await store.probe(registry);
    await expect(store.probe(registry)).rejects.toMatchObject({ code: 'E_KEYCHAIN_LOCKED' });
    expect(asked.map(({ action }) => action)).toEqual(['set', 'delete', 'set']);
    expect(account()).toBeUndefined();
  });

  test('is not touched for a registry nobody logged in to', async () => {
    const { store } = keychain([]);
    expect(await store.get(registry)).toBeUndefined();
    expect(await store.erase(registry)).toBe(false);
  });

  test.each([
    ['locked', 'E_KEYCHAIN_LOCKED'],
    ['unavailable', 'E_KEYCHAIN_UNAVAILABLE'],
    ['denied', 'E_KEYCHAIN_DENIED'],
    ['ambiguous', 'E_KEYCHAIN_DENIED'],
    ['silent', 'E_KEYCHAIN_UNAVAILABLE'],
  ] as const)('that is %s is never taken for an empty one', async (status, code) => {
    const fault = { status, reason: 'why' };
    for (const platform of ['linux', 'darwin', 'win32']) {
      const { store, account } = keychain([fault, fault, fault], 'alice', { platform });
      await expect(store.get(registry)).rejects.toMatchObject({ code });
      await expect(store.erase(registry)).rejects.toMatchObject({ code });
      await expect(store.store(registry, 'alice', new Secret('t'))).rejects.toMatchObject({ code });
      expect(account()).toBe('alice');
    }
  });

  test('says that the login is gone when the entry is', async () => {
    const { store, account } = keychain([{ status: 'absent' }, { status: 'absent' }], 'alice');
    expect(await store.get(registry)).toBeUndefined();
    expect(await store.erase(registry)).toBe(false);
    expect(account()).toBeUndefined();
  });

  test.each([
    [{ DISPLAY: ':0' }, true, 'linux', true],
    [{ WAYLAND_DISPLAY: 'wayland-0' }, true, 'linux', true],
    [{}, true, 'linux', false],
    [{ DISPLAY: '' }, true, 'linux', false],
    [{ DISPLAY: ':0' }, false, 'linux', false],
    [{}, true, 'darwin', true],
  ])(
    'may open a dialog with %j, interactive %s, on %s: %s',
    async (environment, interactive, platform, expected) => {
      const { store, asked } = keychain([{ status: 'absent' }], 'alice', {
        environment,
        interactive,
        platform,
      });
      await store.get(registry);
      expect(asked[0]?.mayPrompt).toBe(expected);
    },
  );
});

describe('the child process', () => {
  /** Runs a few lines in place of the real child. */
  async function childThat(code: string, limits: Partial<KeychainLimits> = {}, signal?: AbortSignal) {
    const folder = await mkdtemp(join(tmpdir(), 'pub-child-'));
    folders.push(folder);
    const childPath = join(folder, 'child.mjs');
    await writeFile(childPath, code);
    const environment = {
      PATH: '/usr/bin',
      HOME: folder,
      PUB_TOKEN: 'hush',
      NODE_OPTIONS: '--no-such-option',
    };
    return createKeychainProcess({ nodePath: process.execPath, childPath, environment, limits, signal });
  }
  const say = (line: object) => `process.stdout.write(${JSON.stringify(`${JSON.stringify(line)}\n`)});`;
  const stay = 'setInterval(() => {}, 1000);';
  const request = { action: 'get', ...entry, mayPrompt: false } as const;

  test('gets its question on stdin, and neither our tokens nor options for node', async () => {
    const ask = await childThat(`
      const asked = await new Promise((resolve) => process.stdin.once('data', (data) => resolve(String(data))));
      const seen = { asked, argv: process.argv.slice(2), env: Object.keys(process.env).sort() };
      console.log(JSON.stringify({ status: 'found', token: JSON.stringify(seen) }));`);
    const answer = await ask({ ...request, action: 'set', token: new Secret('hush-hush') }, () => {});
    const seen = JSON.parse(answer.status === 'found' ? answer.token.expose() : '{}');
    expect(JSON.parse(seen.asked)).toEqual({ ...request, action: 'set', token: 'hush-hush' });
    expect(seen.argv).toEqual([]);
    expect(seen.env).toEqual(['HOME', 'PATH']);
  });

  test.each([
    ['ends at once', 'process.exit(1)', 'unavailable'],
    ['crashes', 'process.abort()', 'unavailable'],
    ['talks nonsense', `console.log('nonsense'); ${stay}`, 'unavailable'],
    ['gives a token that is none', `${say({ status: 'found', token: 1 })} ${stay}`, 'unavailable'],
    ['never starts', stay, 'silent'],
    ['starts and is silent', `${say({ status: 'ready' })} ${stay}`, 'silent'],
    ['wants to ask a person', `${say({ status: 'ready' })} ${say({ status: 'asking' })} ${stay}`, 'locked'],
  ])('that %s is a fault, and never an empty keychain', async (_, code, status) => {
    const ask = await childThat(code, { start: 1500, service: 100, unattended: 100 });
    expect((await ask(request, () => {})).status).toBe(status);
  });

  test('that waits for a dialog is waited for as long as a person takes, and no longer', async () => {
    const waiting = `${say({ status: 'ready' })} ${say({ status: 'asking' })}`;
    const limits = { unattended: 1, patience: 1, dialog: 300 };
    const notes: string[] = [];
    const note = () => void notes.push('waiting');
    const late = await childThat(`${waiting} setTimeout(() => {${say({ status: 'absent' })}}, 100)`, limits);
    expect(await late({ ...request, mayPrompt: true }, note)).toEqual({ status: 'absent' });
    const never = await childThat(`${waiting} ${stay}`, limits);
    expect((await never({ ...request, mayPrompt: true }, note)).status).toBe('locked');
    expect(notes).toEqual(['waiting', 'waiting']);
  });

  test('that takes its time to save, on a busy machine, is not taken for a locked one', async () => {
    const begun = `${say({ status: 'ready' })} ${say({ status: 'asking' })}`;
    const slow = await childThat(`${begun} setTimeout(() => {${say({ status: 'stored' })}}, 1500)`);
    expect(await slow(request, () => {})).toEqual({ status: 'stored' });
  });

  test('that cannot be started is a fault', async () => {
    const ask = createKeychainProcess({ nodePath: '/nonexistent', childPath: 'x', environment: {} });
    expect((await ask(request, () => {})).status).toBe('unavailable');
  });

  test('is ended by Ctrl-C', async () => {
    const interrupt = new AbortController();
    const ask = await childThat(
      `${say({ status: 'ready' })} ${say({ status: 'asking' })} ${stay}`,
      { patience: 1 },
      interrupt.signal,
    );
    const asking = ask({ ...request, mayPrompt: true }, () => interrupt.abort());
    await expect(asking).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    await expect(ask(request, () => {})).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});
