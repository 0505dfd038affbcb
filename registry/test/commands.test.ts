import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { main } from '../src/main.ts';
import { runsOnNode } from '../src/version.ts';
import { readMail } from './support/mail-text.ts';
import { mailsOf } from './support/people.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, goodPassword, place, type TestRegistry } from './support/test-registry.ts';

test('it runs on the Node of this run, and not on one that its database would end', () => {
  expect([process.versions.node, '24.15.0', '26.0.0'].map(runsOnNode)).toEqual([true, true, true]);
  expect(['18.20.0', '20.20.2', '22.22.1', '24.14.9', '25.0.0'].some(runsOnNode)).toBe(false);
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line. A server that starts is stopped at once, after `whileRunning`. */
async function run(
  argv: string[],
  { stdin = '', whileRunning = async (_: string) => {} } = {},
): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  const listening = Promise.withResolvers<void>();
  const code = await main(argv, {
    stdout: (text) => {
      stdout += text;
      if (text.startsWith('listening')) listening.resolve();
    },
    stderr: (text) => {
      stderr += text;
    },
    readStdin: async () => stdin,
    stopped: async () => {
      await listening.promise;
      await whileRunning(stdout.slice('listening on '.length).trim());
    },
  });
  return { code, stdout, stderr };
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(place, 'pub-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Given back at once; the server takes it a moment later. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const on = (registry: TestRegistry) => ['--data', registry.data];

describe('user', () => {
  test('add makes an account with a password from standard input, and shows none', async () => {
    const registry = await createTestRegistry();
    const made = await run(
      ['user', 'add', 'alice', '--email', 'alice@example.org', '--password-stdin', ...on(registry)],
      {
        stdin: `${goodPassword}\n`,
      },
    );
    expect(made).toEqual({ code: 0, stdout: '', stderr: 'created the account alice\n' });
    expect((await registry.logIn('alice')).status).toBe(201);
    expect((await registry.auditEvents())[0]).toBe('account:created operator alice');
  });

  test('add makes up a password where none is given, and prints it alone on standard output', async () => {
    const registry = await createTestRegistry();
    const { code, stdout } = await run(['user', 'add', 'alice', ...on(registry)]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^([a-km-z2-9]{5}-){4}[a-km-z2-9]{5}\n$/)]);
    expect((await registry.logIn('alice', { password: stdout.trim() })).status).toBe(201);
    expect(registry.bytesAtRest()).not.toContain(stdout.trim());
  });

  test('add refuses what registration refuses', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    for (const [args, stdin, message] of [
      [['alice'], goodPassword, 'taken'],
      [['Alice'], goodPassword, 'lower-case'],
      [['bob'], 'short', '15 characters'],
      [['bob'], '', '15 characters'],
      [['bob', '--email', 'x'], goodPassword, 'e-mail'],
    ] as const) {
      const outcome = await run(['user', 'add', ...args, '--password-stdin', ...on(registry)], { stdin });
      expect([outcome.code, outcome.stdout]).toEqual([1, '']);
      expect(outcome.stderr).toMatch(new RegExp(`^error: .*${message}`));
    }
  });

  test('list shows each account with its factor', async () => {
    const registry = await createTestRegistry();
    await registry.signUpWithFactor('bob', 'auth-only');
    await registry.signUp('alice');
    expect((await run(['user', 'list', ...on(registry)])).stdout).toBe(
      'alice\talice@example.org\tno second factor\nbob\tbob@example.org\tauth-only\n',
    );
  });

  test('reset-2fa removes the factor, ends every session, and is logged', async () => {
    const registry = await createTestRegistry();
    const [alice] = await registry.signUpWithFactor('alice');
    const done = await run(['user', 'reset-2fa', 'alice', ...on(registry)]);
    expect(done).toEqual({ code: 0, stdout: '', stderr: 'removed the second factor of alice\n' });
    expect((await alice.get('/-/whoami')).status).toBe(401);
    expect((await registry.logIn('alice')).status).toBe(201);
    expect(await registry.auditEvents()).toContain('factor:reset-by-operator operator alice');
    expect((await run(['user', 'reset-2fa', 'alice', ...on(registry)])).stderr).toBe(
      'alice had no second factor\n',
    );
    expect((await run(['user', 'reset-2fa', 'nobody', ...on(registry)])).code).toBe(1);
  });

  test('reset-2fa helps somebody who is locked out by wrong codes', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    for (let i = 0; i < 6; i++) await publish(alice, {}, { otp: app.wrongCode() });
    await run(['user', 'reset-2fa', 'alice', ...on(registry)]);
    const again = alice.from({ token: (await registry.logIn('alice')).body.token });
    const next = await registry.enrol(again);
    expect((await publish(again, {}, { otp: next.code() })).status).toBe(201);
  });
});

describe('a held account', () => {
  test('lift-hold ends the hold, is logged and mailed, and says where there was none', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    expect((await run(['user', 'lift-hold', 'alice', ...on(registry)])).stderr).toBe('alice was not held\n');
    await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    // The command runs by the clock of the machine, the test by its own.
    registry.sql(`update accounts set hold_until = ${Date.now() + 60_000}`);
    const lifted = await run(['user', 'lift-hold', 'alice', ...on(registry)]);
    expect(lifted).toEqual({ code: 0, stdout: '', stderr: 'ended the hold on alice\n' });
    expect(registry.sql('select hold_until from accounts')).toEqual([{ hold_until: null }]);
    expect(await registry.auditEvents()).toContain('account:hold-lifted operator alice');
    expect(mailsOf(registry, 'hold-lifted')).toEqual(['alice@example.org']);
    expect((await run(['user', 'lift-hold', 'nobody', ...on(registry)])).code).toBe(1);
  });
});

describe('mail', () => {
  test('list shows what waits and what was given up, retry makes it due', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    registry.sql(
      "update outbox set attempts = 24, next_at = 9999999999999, failure = 'the mail server did not take it: EAUTH 535'",
    );
    const { stdout } = await run(['mail', 'list', ...on(registry)]);
    expect(stdout).toBe(
      '1\t2026-01-01T12:00:15.000Z\talice@example.org\tverify-email\t24\tgiven up\tthe mail server did not take it: EAUTH 535\n',
    );
    expect((await run(['mail', 'retry', ...on(registry)])).stderr).toBe('1 will be sent by the server\n');
    const [row] = registry.sql('select attempts, next_at from outbox');
    expect([row.attempts, row.next_at <= Date.now()]).toEqual([0, true]);
  });

  test('is kept in the data folder by a server that has no other place for it', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const folder = join(registry.data, 'mail');
    await run(['--port', '0', ...on(registry)], {
      whileRunning: async () => {
        await vi.waitFor(() => expect(readdirSync(folder)).toEqual(['20260101T120015Z-1.eml']), 5_000);
      },
    });
    const { headers, text } = readMail(readFileSync(join(folder, '20260101T120015Z-1.eml'), 'utf8'));
    expect(headers['from']).toBe('pub-registry@localhost');
    expect(text).toMatch(/http:\/\/127\.0\.0\.1:\d+\/-\/web\/mail\/verify\//);
  });

  test('with a user and no password in the environment is refused before anything is served', async () => {
    const argv = ['--data', emptyFolder(), '--port', '0', '--smtp-url', 'smtps://me@127.0.0.1:1'];
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('PUB_REGISTRY_SMTP_PASSWORD');
  });
});

describe('audit', () => {
  test('verify prints the head, and fails with 1 where something was changed', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const intact = await run(['audit', 'verify', ...on(registry)]);
    expect(intact).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^intact: 2 events, head [0-9a-f]{64}\n$/),
      stderr: '',
    });
    registry.sql(
      "drop trigger audit_events_no_update; update audit_events set actor = 'mallory' where sequence = 2",
    );
    const broken = await run(['audit', 'verify', ...on(registry)]);
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    expect(broken.stderr).toMatch(/^error: .*event 2/);
  });

  test('list prints a line of JSON for each event', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const { stdout } = await run(['audit', 'list', ...on(registry)]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ sequence, tag, actor, details }) => [sequence, tag, actor, details])).toEqual([
      [1, 'account:created', 'alice', {}],
      [2, 'account:login', 'alice', { factor: null }],
    ]);
  });
});

describe('keys rotate', () => {
  const keyIds = (registry: TestRegistry) =>
    readFileSync(registry.keyFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
  const seedKeyIds = (registry: TestRegistry) =>
    registry.sql('select seed from totp_factors').map(({ seed }) => seed.split('.')[1]);

  test('encrypts every seed under a new key while the server goes on, and is logged', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const [bob] = [await registry.signUp('bob')];
    const pending = await bob.post('/-/npm/v1/user', { tfa: { mode: 'auth-only', password: goodPassword } });
    expect(pending.status).toBe(200);
    const [first] = keyIds(registry);
    copyFileSync(registry.keyFile, `${registry.keyFile}.old`);

    expect((await run(['keys', 'rotate', ...on(registry)])).stderr).toBe(
      'encrypted 2 seeds under a new key\n',
    );
    const [second, kept] = keyIds(registry);
    expect([second === first, kept]).toEqual([false, first]);
    expect(seedKeyIds(registry)).toEqual([second, second]);
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);

    // The first key is dropped by the next rotation, and a copy of it opens nothing any more.
    await run(['keys', 'rotate', ...on(registry)]);
    expect(keyIds(registry)).not.toContain(first);
    expect((await publish(alice, { version: '1.0.1' }, { otp: app.nextCode() })).status).toBe(201);
    copyFileSync(`${registry.keyFile}.old`, registry.keyFile);
    expect((await publish(alice, { version: '1.0.2' }, { otp: app.nextCode() })).status).toBe(500);
    expect((await registry.auditEvents()).filter((event) => event.startsWith('keys:rotated'))).toHaveLength(
      2,
    );
  });

  test('changes no key while a seed cannot be opened', async () => {
    const registry = await createTestRegistry();
    await registry.signUpWithFactor('alice');
    registry.sql("update totp_factors set seed = 'v1.000000000000.' || substr(seed, 17)");
    const before = keyIds(registry);
    expect((await run(['keys', 'rotate', ...on(registry)])).code).toBe(1);
    expect(keyIds(registry)).toEqual(before);
  });

  test('keeps the key file to its owner', async () => {
    const registry = await createTestRegistry();
    expect(statSync(registry.keyFile).mode & 0o077).toBe(0);
    await run(['keys', 'rotate', ...on(registry)]);
    expect(statSync(registry.keyFile).mode & 0o077).toBe(0);
    expect(await registry.auditEvents()).toEqual(['keys:rotated operator seed-keys']);
  });
});

describe('keys rotate-signing', () => {
  test('ends the signing key beside a running server, keeps its public part, and is logged', async () => {
    const registry = await createTestRegistry();
    const served = async () => (await registry.anonymous.get('/-/npm/v1/keys')).body.keys;
    const [first] = await served();
    const { stderr, code } = await run(['keys', 'rotate-signing', ...on(registry)]);
    const [second, kept] = await served();
    expect([code, stderr]).toEqual([0, `releases are signed with ${second.keyid} from now on\n`]);
    expect(kept).toEqual({ ...first, expires: expect.any(String) });
    expect(second.expires).toBeNull();
    expect(await registry.auditEvents()).toEqual(['keys:rotated operator signing-keys']);
    expect((await run(['keys', 'list', ...on(registry)])).stdout).toBe(
      `${second.keyid}  current\n${first.keyid}  until ${kept.expires}\n`,
    );
  });
});

describe('serving', () => {
  test('prints one line when it is ready, answers, and stops when told to', async () => {
    const data = emptyFolder();
    let ping: unknown;
    const { code, stdout } = await run(['--data', data, '--port', '0'], {
      whileRunning: async (url) => {
        ping = await (await fetch(`${url}/-/ping`)).json();
      },
    });
    expect([code, stdout, ping]).toEqual([
      0,
      expect.stringMatching(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/),
      {},
    ]);
  });

  test.each([
    [[], 201],
    [['--registration', 'open'], 201],
    [['--registration', 'closed'], 403],
    [['--upstream', 'http://127.0.0.1:9/'], 403],
    [['--upstream-scope', '@alice=http://127.0.0.1:9/'], 403],
    [['--host', '0.0.0.0', '--url', 'http://127.0.0.1'], 403],
    [['--host', '0.0.0.0', '--url', 'http://127.0.0.1', '--registration', 'open'], 201],
  ])('with %j answers somebody who signs up with %i', async (args, status) => {
    const data = emptyFolder();
    let answered = 0;
    const port = await freePort();
    await run(['--data', data, '--port', args.includes('--url') ? String(port) : '0', ...args], {
      whileRunning: async (url) => {
        const base = args.includes('--url') ? `http://127.0.0.1:${port}` : url;
        const body = JSON.stringify({ name: 'alice', password: goodPassword, email: 'a@example.org' });
        const headers = { 'content-type': 'application/json' };
        const path = '/-/user/org.couchdb.user:alice';
        answered = (await fetch(base + path, { method: 'PUT', body, headers })).status;
      },
    });
    expect(answered).toBe(status);
  });

  test('signs what was published before there was a key', async () => {
    const registry = await createTestRegistry();
    await publish(await registry.signUp('alice'));
    registry.sql(`update releases set signed_by = null, entry = json_remove(entry, '$.dist.signatures')`);
    expect((await run(['--data', registry.data, '--port', '0'])).code).toBe(0);
    const [{ signed_by, entry }] = registry.sql('select signed_by, entry from releases');
    expect(JSON.parse(entry).dist.signatures).toEqual([{ keyid: signed_by, sig: expect.any(String) }]);
  });

  test('beyond this machine is refused without saying where it is reached', async () => {
    const data = join(emptyFolder(), 'data');
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'registry.example', '127.0.0.1.evil.example']) {
      const { code, stderr } = await run(['--data', data, '--host', host, '--port', '0']);
      expect([host, code]).toEqual([host, 1]);
      expect(stderr).toContain('--url');
    }
    expect(existsSync(data)).toBe(false);
  });

  test('on a port that is taken fails, and leaves the data folder usable', async () => {
    const data = emptyFolder();
    await run(['--data', data, '--port', '0'], {
      whileRunning: async (url) => {
        const second = await run(['--data', data, '--port', new URL(url).port]);
        expect([second.code, second.stdout]).toEqual([1, '']);
        expect(second.stderr).toContain('EADDRINUSE');
      },
    });
  });
});

describe('wrong usage', () => {
  test.each([
    ['nonsense'],
    ['--nonsense'],
    ['--port', 'x'],
    ['--port', '65536'],
    ['--port', '-1'],
    ['--port', ''],
    ['--url', 'registry.example'],
    ['--url', 'ftp://registry.example'],
    ['--url', 'http://alice:secret@registry.example'],
    ['--url', 'http://registry.example/?a=b'],
    ['--registration', 'maybe'],
    ['--smtp-url', 'smtps://alice:secret@mail.example'],
    ['--smtp-url', 'mail.example'],
    ['--mail-from', 'nobody'],
    ['mail'],
    ['mail', 'send'],
    ['user', 'lift-hold'],
    ['user'],
    ['user', 'add'],
    ['user', 'add', 'alice', 'bob'],
    ['user', 'remove', 'alice'],
    ['user', 'reset-2fa'],
    ['audit', 'forget'],
    ['keys'],
  ])('%s %s %s %s ends with 2', async (...argv: (string | undefined)[]) => {
    const { code, stdout, stderr } = await run(argv.filter((word) => word !== undefined));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain('alice:secret');
  });

  test('a data folder that is not there is not made by a command that only looks', async () => {
    const data = join(emptyFolder(), 'mistyped');
    for (const argv of [
      ['audit', 'verify'],
      ['audit', 'list'],
      ['keys', 'rotate'],
      ['keys', 'rotate-signing'],
      ['keys', 'list'],
      ['user', 'list'],
      ['user', 'reset-2fa', 'alice'],
      ['user', 'lift-hold', 'alice'],
      ['mail', 'list'],
      ['mail', 'retry'],
    ]) {
      const { code } = await run([...argv, '--data', data]);
      expect([argv, code, existsSync(data)]).toEqual([argv, 1, false]);
    }
  });

  test.each([['--help'], ['--version'], ['user', '--help'], ['keys', 'rotate', '--help']])(
    '%s %s %s is answered on standard output',
    async (...argv: (string | undefined)[]) => {
      const { code, stdout, stderr } = await run(argv.filter((word) => word !== undefined));
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toBe('');
    },
  );
});
