import { cpSync, renameSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { type Authenticator, codeOf, seedIn, step } from './support/authenticator.ts';
import type { Client } from './support/client.ts';
import { publish } from './support/publishing.ts';
import { hour, second } from './support/test-clock.ts';
import {
  createTestRegistry,
  goodPassword,
  profilePath,
  type TestRegistry,
  userPath,
} from './support/test-registry.ts';

const begin = (client: Client, mode = 'auth-and-writes', otp?: string) =>
  client.post(profilePath, { tfa: { mode, password: client.password } }, { otp });
const confirm = (client: Client, code: string) => client.post(profilePath, { tfa: [code] });
const disable = (client: Client, otp?: string) => begin(client, 'disable', otp);
const tfaOf = async (client: Client) => (await client.get(profilePath)).body.tfa;

async function withFactor(
  mode?: 'auth-only' | 'auth-and-writes',
): Promise<[TestRegistry, Client, Authenticator]> {
  const registry = await createTestRegistry();
  return [registry, ...(await registry.signUpWithFactor('alice', mode))];
}

describe('enrolling', () => {
  test('takes the password, then a code, and then gives recovery codes of digits', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const wrong = await alice.post(profilePath, {
      tfa: { mode: 'auth-only', password: 'not the password at all' },
    });
    expect([wrong.status, wrong.code]).toEqual([401, 'login_refused']);
    expect(await tfaOf(alice)).toBe(false);

    const begun = await begin(alice, 'auth-only');
    expect(begun.body.tfa).toMatch(/^otpauth:\/\/totp\/.*secret=[A-Z2-7]{32}/);
    expect(await tfaOf(alice)).toEqual({ mode: 'auth-only', pending: true });
    expect((await registry.logIn('alice')).status).toBe(201);

    const seed = seedIn(begun.body.tfa);
    const refused = await confirm(alice, codeOf(seed, registry.clock.now + 10 * step));
    expect([refused.status, refused.code]).toEqual([400, 'confirmation_refused']);
    const confirmed = await confirm(alice, codeOf(seed, registry.clock.now));
    expect(confirmed.body.tfa).toHaveLength(10);
    for (const code of confirmed.body.tfa) expect(code).toMatch(/^\d{20}$/);
    expect(new Set(confirmed.body.tfa).size).toBe(10);
    expect(confirmed.headers['cache-control']).toBe('no-store');
    expect(await tfaOf(alice)).toEqual({ mode: 'auth-only', pending: false });
    expect((await registry.auditEvents()).slice(-2)).toEqual([
      'factor:code-refused alice alice confirmation_refused',
      'factor:enabled alice alice',
    ]);
  });

  test('uses up the code that confirms it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const seed = seedIn((await begin(alice)).body.tfa);
    const code = codeOf(seed, registry.clock.now);
    expect((await confirm(alice, code)).status).toBe(200);
    expect((await registry.logIn('alice', { otp: code })).code).toBe('otp_refused');
  });

  test('is over after an hour, and is begun anew', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const first = seedIn((await begin(alice)).body.tfa);
    registry.clock.advance(hour + second);
    expect((await confirm(alice, codeOf(first, registry.clock.now))).code).toBe('bad_request');
    const secondSeed = seedIn((await begin(alice)).body.tfa);
    expect((await confirm(alice, codeOf(first, registry.clock.now))).code).toBe('confirmation_refused');
    expect((await confirm(alice, codeOf(secondSeed, registry.clock.now))).status).toBe(200);
  });

  test('without having begun is refused', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect((await confirm(alice, '123456')).code).toBe('bad_request');
  });

  test('again while a factor is active changes its mode at most, and takes a code', async () => {
    const [, alice, app] = await withFactor();
    expect((await begin(alice)).code).toBe('otp_required');
    expect((await publish(alice)).code).toBe('otp_required');
    expect((await begin(alice, 'auth-and-writes', app.code())).body).toEqual({
      tfa: { mode: 'auth-and-writes' },
    });
    expect(await tfaOf(alice)).toEqual({ mode: 'auth-and-writes', pending: false });
    expect((await publish(alice)).code).toBe('otp_required');
    expect((await confirm(alice, app.nextCode())).code).toBe('bad_request');
  });

  test('twice at the same time ends with one factor, and with nothing pending that could replace it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const seed = seedIn((await begin(alice)).body.tfa);
    // The second one asks before the first is confirmed, and writes after.
    const [confirmed, again] = await registry.behindLock(
      async () => {
        const first = confirm(alice, codeOf(seed, registry.clock.now));
        return await Promise.all([first, begin(alice)]);
      },
      async () => {},
    );
    expect([confirmed.status, again.status]).not.toContain(500);
    const states = await registry.services.database.read.selectFrom('totp_factors').select('state').execute();
    expect(states).toHaveLength(1);
  });

  test('left pending beside an active factor cannot be confirmed', async () => {
    const [registry, alice, app] = await withFactor();
    const bob = await registry.signUp('bob');
    const seed = seedIn((await begin(bob)).body.tfa);
    const raw = new SQLite(registry.databaseFile);
    raw.exec(
      "insert into totp_factors select 'x', account_id, 'active', mode, seed, 0, created_at from totp_factors where state = 'pending'",
    );
    raw.close();
    expect((await confirm(bob, codeOf(seed, registry.clock.now))).code).toBe('conflict');
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
  });

  test('of two confirmations with one code at the same time one succeeds', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const code = codeOf(seedIn((await begin(alice)).body.tfa), registry.clock.now);
    const answers = await Promise.all([confirm(alice, code), confirm(alice, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });
});

describe('a code', () => {
  test('is asked for in the form that npm, pnpm and yarn understand', async () => {
    const [, alice] = await withFactor();
    const answer = await publish(alice);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('otp');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body.error).toMatch(/one-time pass/);
    expect(answer.body.message).toBe(answer.body.error);
  });

  test('is not asked for before the password was right', async () => {
    const [registry] = await withFactor();
    expect((await registry.logIn('alice', { password: 'not the password at all' })).code).toBe(
      'login_refused',
    );
    expect((await registry.logIn('alice')).code).toBe('otp_required');
  });

  test.each([
    ['the same text', (code: string) => code],
    ['spaces inside', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['spaces around', (code: string) => ` ${code} `],
  ])('is accepted once: %s is refused the second time', async (_, written) => {
    const [registry, , app] = await withFactor();
    const code = app.code();
    expect((await registry.logIn('alice', { otp: written(code) })).status).toBe(201);
    expect((await registry.logIn('alice', { otp: code })).code).toBe('otp_refused');
    registry.clock.advance(step);
    expect((await registry.logIn('alice', { otp: written(code) })).code).toBe('otp_refused');
  });

  test.each(['npm', 'pub'] as const)(
    'used for a login does not publish over the protocol of %s',
    async (via) => {
      const [registry, alice, app] = await withFactor();
      const code = app.code();
      expect((await registry.logIn('alice', { otp: code })).status).toBe(201);
      expect((await publish(alice, {}, { otp: code, via })).code).toBe('otp_refused');
      expect((await alice.get('/@acme%2ftool')).status).toBe(404);
    },
  );

  test('used for an upload of pub does not publish another version by npm', async () => {
    const [, alice, app] = await withFactor();
    const code = app.code();
    expect((await publish(alice, {}, { otp: code, via: 'pub' })).status).toBe(201);
    expect((await publish(alice, { version: '1.0.1' }, { otp: code })).code).toBe('otp_refused');
  });

  test('sent by ten requests at the same time is good for one of them', async () => {
    const [, alice, app] = await withFactor();
    const code = app.code();
    const releases = Array.from({ length: 10 }, (_, i) => ({ name: `tool-${i}` }));
    const answers = await Promise.all(
      releases.map((release, i) => publish(alice, release, { otp: code, via: i % 2 === 0 ? 'npm' : 'pub' })),
    );
    expect(answers.map(({ code }) => code ?? 'published').sort()).toEqual([
      ...Array(9).fill('otp_refused'),
      'published',
    ]);
  });

  test('sent to two servers on one data folder at the same time is good at one of them', async () => {
    const [registry, alice, app] = await withFactor();
    const there = alice.from({ app: (await registry.another()).app });
    const code = app.code();
    const answers = await Promise.all([
      publish(alice, { name: 'here' }, { otp: code }),
      publish(there, { name: 'there' }, { otp: code, via: 'pub' }),
      registry.logIn('alice', { otp: code }),
    ]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'otp_refused')).toHaveLength(2);
  });

  test.each([
    [-2, 401],
    [-1, 201],
    [0, 201],
    [1, 201],
    [2, 401],
  ])('%i steps from now is answered with %i', async (steps, status) => {
    const [registry, alice, app] = await withFactor();
    registry.clock.advance(2 * step);
    expect((await publish(alice, {}, { otp: app.code(steps) })).status).toBe(status);
  });

  test('of an older step is refused after a newer one', async () => {
    const [registry, alice, app] = await withFactor();
    registry.clock.advance(2 * step);
    expect((await publish(alice, {}, { otp: app.code(1) })).status).toBe(201);
    for (const steps of [-1, 0, 1])
      expect((await publish(alice, { version: '1.0.1' }, { otp: app.code(steps) })).code).toBe('otp_refused');
  });

  test('that is none does not publish', async () => {
    const [registry, alice] = await withFactor();
    const none = [
      '',
      '12345',
      '1234567',
      'abcdef',
      '１２３４５６',
      '123 45',
      '123456, 123456',
      '0x1e24',
      '-12345',
      '12345.',
      "1' or 1=1",
    ];
    for (const otp of none) {
      registry.clock.advance(hour);
      const { code } = await publish(alice, {}, { otp });
      expect([otp, code]).toEqual([otp, otp === '' ? 'otp_required' : 'otp_refused']);
    }
  });

  test('of a person does nothing for another account', async () => {
    const [registry, , app] = await withFactor();
    const [bob] = await registry.signUpWithFactor('bob');
    registry.clock.advance(step);
    expect((await publish(bob, {}, { otp: app.code() })).code).toBe('otp_refused');
  });

  test('is left usable by a publish that fails for another reason', async () => {
    const [, alice, app] = await withFactor();
    const otp = app.code();
    const broken = await publish(alice, {}, { otp, via: 'pub', archive: Buffer.from('not an archive') });
    expect(broken.code).toBe('bad_archive');
    const lying = await publish(alice, { name: 'tool' }, { otp, archive: Buffer.from('not an archive') });
    expect(lying.code).toBe('bad_archive');
    expect((await publish(alice, {}, { otp })).status).toBe(201);
  });

  test('is not used up by reading with it', async () => {
    const [, alice, app] = await withFactor();
    const otp = app.code();
    expect((await publish(alice, {}, { otp })).status).toBe(201);
    const next = app.nextCode();
    for (const url of ['/@acme%2ftool', '/-/whoami', profilePath, '/-/package/@acme%2ftool/dist-tags'])
      expect((await alice.get(url, { otp: next })).status).toBe(200);
    expect(
      (await alice.put('/-/package/@acme%2ftool/dist-tags/next', '"1.0.0"', jsonWith(next))).status,
    ).toBe(200);
  });

  test('too long to be one is refused before anybody looks at it', async () => {
    const [registry, alice] = await withFactor();
    expect((await publish(alice, {}, { otp: '1'.repeat(65) })).code).toBe('bad_request');
    const attempts = await registry.services.database.read.selectFrom('attempts').select('subject').execute();
    expect(attempts.filter(({ subject }) => subject.startsWith('otp:'))).toEqual([]);
  });
});

const jsonWith = (otp: string) => ({ otp, headers: { 'content-type': 'application/json' } });

describe('guessing codes', () => {
  /** Guesses in every place a code can be sent to. */
  const places = [
    (registry: TestRegistry, _: Client, otp: string) => registry.logIn('alice', { otp }),
    (_: TestRegistry, alice: Client, otp: string) => publish(alice, {}, { otp }),
    (_: TestRegistry, alice: Client, otp: string) => publish(alice, {}, { otp, via: 'pub' }),
    (_: TestRegistry, alice: Client, otp: string) => disable(alice, otp),
    (_: TestRegistry, alice: Client, otp: string) => begin(alice, 'auth-only', otp),
    (_: TestRegistry, alice: Client, otp: string) =>
      alice.post(profilePath, { email: 'new@example.org' }, { otp }),
    (registry: TestRegistry, _: Client, __: string) =>
      registry.logIn('alice', { otp: '00000000000000000000' }),
  ];

  test('is counted together in all places, and refused after five', async () => {
    const [registry, alice, app] = await withFactor();
    const codes = [];
    for (const place of places) codes.push((await place(registry, alice, app.wrongCode())).code);
    expect(codes).toEqual([...Array(5).fill('otp_refused'), 'otp_throttled', 'otp_throttled']);
    const right = await publish(alice, {}, { otp: app.code() });
    expect([right.status, right.code, right.headers['retry-after']]).toEqual([403, 'otp_throttled', '30']);
    expect(
      (await registry.auditEvents()).filter((event) => event.startsWith('factor:code-refused')).length,
    ).toBeGreaterThanOrEqual(7);
  });

  test('makes the waits grow until nothing is accepted any more, whatever else is done meanwhile', async () => {
    const [registry, alice, app] = await withFactor();
    const waits: number[] = [];
    for (let failures = 0; failures < 100; failures++) {
      const answer = await publish(alice, {}, { otp: app.wrongCode() });
      expect(answer.code).toBe('otp_refused');
      // A new challenge, and a login with the right password, give no new guesses.
      if (failures % 25 === 0) expect((await registry.logIn('alice')).code).toBe('otp_required');
      const blocked = await publish(alice, {}, { otp: app.wrongCode() });
      if (blocked.code === 'otp_throttled') {
        const wait = Number(blocked.headers['retry-after'] ?? 0);
        waits.push(wait);
        registry.clock.advance(wait * second);
      } else failures++;
    }
    expect(waits.slice(0, 9)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    registry.clock.advance(1000 * hour);
    expect((await registry.logIn('alice', { otp: app.code() })).code).toBe('otp_throttled');
  });

  test('many at the same time slip not one more through', async () => {
    const [, alice, app] = await withFactor();
    const guesses = Array.from({ length: 20 }, () =>
      publish(alice, {}, { otp: app.wrongCode(), via: 'pub' }),
    );
    const codes = (await Promise.all(guesses)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'otp_refused')).toHaveLength(5);
  });

  test('ends with a right code: the count begins again', async () => {
    const [registry, alice, app] = await withFactor();
    for (let i = 0; i < 4; i++) await publish(alice, {}, { otp: app.wrongCode() });
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
    for (let i = 0; i < 4; i++)
      expect((await publish(alice, { version: '1.0.1' }, { otp: app.wrongCode() })).code).toBe('otp_refused');
    registry.clock.advance(step);
    expect((await publish(alice, { version: '1.0.1' }, { otp: app.code() })).status).toBe(201);
  });
});

describe('recovery codes', () => {
  test('log in, once each, with spaces too', async () => {
    const [registry, , app] = await withFactor();
    const [first = '', second = ''] = app.recoveryCodes;
    const recovered = await registry.logIn('alice', { otp: first });
    expect(recovered.status).toBe(201);
    expect(recovered.headers['npm-notice']).toMatch(
      /^this account was recovered: it can publish and change nothing until 2026-01-0/,
    );
    expect((await registry.logIn('alice', { otp: first })).code).toBe('otp_refused');
    const spaced = second.replace(/(.{5})/g, '$1 ');
    expect((await registry.logIn('alice', { otp: spaced })).status).toBe(201);
    expect(await registry.auditEvents()).toContain('factor:recovery-code-used alice alice');
  });

  test('work once among logins at the same time', async () => {
    const [registry, , app] = await withFactor();
    const otp = app.recoveryCodes[0] ?? '';
    const answers = await Promise.all([1, 2, 3].map(() => registry.logIn('alice', { otp })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await registry.auditEvents()).filter((event) => event.includes('otp_refused'))).toHaveLength(2);
  });

  test('publish nothing, change no owner, remove no factor', async () => {
    const [registry, alice, app] = await withFactor();
    await registry.signUp('bob');
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
    registry.clock.advance(step);
    const otp = app.recoveryCodes[0] ?? '';
    const release = { version: '1.0.1' };
    const answers = [
      await publish(alice, release, { otp }),
      await publish(alice, release, { otp, via: 'pub' }),
      await alice.put('/-/package/@acme%2ftool/owners', { user: 'bob' }, { otp }),
      await disable(alice, otp),
    ];
    expect(answers.map(({ code }) => code)).toEqual(Array(4).fill('otp_refused'));
    expect((await registry.logIn('alice', { otp })).status).toBe(201);
  });

  test('are not on disk, and end with their factor', async () => {
    const [registry, alice, app] = await withFactor();
    const bytes = registry.bytesAtRest();
    for (const code of app.recoveryCodes) expect(bytes).not.toContain(code);
    expect((await disable(alice, app.code())).body).toEqual({ tfa: null });
    expect(await registry.services.database.read.selectFrom('recovery_codes').selectAll().execute()).toEqual(
      [],
    );
  });
});

describe('the mode and the end of a factor', () => {
  test('the mode changes with password and code, at once', async () => {
    const [registry, alice, app] = await withFactor();
    expect((await begin(alice, 'auth-only')).code).toBe('otp_required');
    const wrong = await alice.post(
      profilePath,
      { tfa: { mode: 'auth-only', password: 'no' } },
      { otp: app.code() },
    );
    expect(wrong.code).toBe('login_refused');
    expect((await begin(alice, 'auth-only', app.code())).body).toEqual({ tfa: { mode: 'auth-only' } });
    expect((await publish(alice)).status).toBe(201);
    expect(await registry.auditEvents()).toContain('factor:mode-changed alice alice');
  });

  test('a mode there is not is refused', async () => {
    const [, alice, app] = await withFactor();
    expect((await begin(alice, 'none', app.code())).code).toBe('bad_request');
  });

  test('removing it takes the password and a code', async () => {
    const [registry, alice, app] = await withFactor();
    expect((await disable(alice)).code).toBe('otp_required');
    expect((await disable(alice, app.wrongCode())).code).toBe('otp_refused');
    const wrong = await alice.post(
      profilePath,
      { tfa: { mode: 'disable', password: 'no' } },
      { otp: app.code() },
    );
    expect(wrong.code).toBe('login_refused');
    expect(await tfaOf(alice)).toEqual({ mode: 'auth-and-writes', pending: false });
    expect(
      (await registry.auditEvents()).filter((event) => event.startsWith('account:change-refused')),
    ).toEqual([
      'account:change-refused alice alice otp_required',
      'account:change-refused alice alice otp_refused',
    ]);
    expect((await disable(alice, app.code())).body).toEqual({ tfa: null });
    expect(await tfaOf(alice)).toBe(false);
    expect((await registry.logIn('alice')).status).toBe(201);
  });

  test('removing only a pending one takes no code, and leaves no active one behind', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await begin(alice);
    expect((await disable(alice)).body).toEqual({ tfa: null });
    expect(await tfaOf(alice)).toBe(false);
  });

  test('a code of a removed factor does nothing for the next one', async () => {
    const [registry, alice, app] = await withFactor();
    await disable(alice, app.code());
    const next = await registry.enrol(alice);
    expect((await publish(alice, {}, { otp: app.code() })).code).toBe('otp_refused');
    expect((await publish(alice, {}, { otp: next.code() })).status).toBe(201);
  });

  test('with a short password it is not removed: the password would be too short alone', async () => {
    const [registry, alice, app] = await withFactor();
    const change = { password: { old: goodPassword, new: 'eight ch' } };
    expect((await alice.post(profilePath, change, { otp: app.code() })).status).toBe(200);
    registry.clock.advance(step);
    const refused = await alice.post(
      profilePath,
      { tfa: { mode: 'disable', password: 'eight ch' } },
      { otp: app.code() },
    );
    expect(refused.code).toBe('bad_request');
    expect(await tfaOf(alice)).toEqual({ mode: 'auth-and-writes', pending: false });
  });
});

describe('the seed', () => {
  test('is encrypted at rest', async () => {
    const [registry, , app] = await withFactor();
    const bytes = registry.bytesAtRest();
    expect(app.seed).toMatch(/^[A-Z2-7]{32}$/);
    expect(bytes).not.toContain(app.seed);
    expect(bytes).not.toContain(Buffer.from(app.seed).toString('base64url').slice(0, 40));
    expect(bytes).toMatch(/v1\.[0-9a-f]{12}\./);
  });

  test('moved to another account does not open there', async () => {
    const [registry, , app] = await withFactor();
    const [bob] = await registry.signUpWithFactor('bob');
    const raw = new SQLite(registry.databaseFile);
    raw.exec(
      `update totp_factors set seed = (select seed from totp_factors where account_id = 1) where account_id = 2`,
    );
    raw.close();
    const answer = await publish(bob, {}, { otp: app.code() });
    expect(answer.status).toBe(500);
    expect(registry.log.join()).not.toContain(app.code());
    expect((await bob.get('/@acme%2ftool')).status).toBe(404);
  });

  test('tampered with does not open', async () => {
    const [registry, alice, app] = await withFactor();
    const raw = new SQLite(registry.databaseFile);
    const row = raw.prepare('select seed from totp_factors').get() as { seed: string };
    const [version, key, nonce, text = ''] = row.seed.split('.');
    const changed = (text[0] === 'A' ? 'B' : 'A') + text.slice(1);
    raw.prepare('update totp_factors set seed = ?').run([version, key, nonce, changed].join('.'));
    raw.close();
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(500);
  });

  test('that cannot be opened stops everything that needs a code, and changes nothing', async () => {
    const [registry, alice, app] = await withFactor();
    const events = (await registry.auditEvents()).length;
    renameSync(registry.keyFile, `${registry.keyFile}.gone`);
    const answers = [
      await publish(alice, {}, { otp: app.code() }),
      await publish(alice, {}, { otp: app.code(), via: 'pub' }),
      await registry.logIn('alice', { otp: app.code() }),
      await disable(alice, app.code()),
    ];
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect((await alice.get('/@acme%2ftool')).status).toBe(404);
    expect(await registry.auditEvents()).toHaveLength(events);
    expect(answers[0]?.text).not.toMatch(/key/);
    renameSync(`${registry.keyFile}.gone`, registry.keyFile);
    expect((await publish(alice, {}, { otp: app.code() })).status).toBe(201);
  });

  test('stays closed when a server starts without the key it was encrypted under', async () => {
    const [registry, alice, app] = await withFactor();
    renameSync(registry.keyFile, `${registry.keyFile}.gone`);
    const there = alice.from({ app: (await registry.another()).app });
    expect((await publish(there, {}, { otp: app.code() })).status).toBe(500);
    cpSync(`${registry.keyFile}.gone`, registry.keyFile);
    expect((await publish(there, {}, { otp: app.code() })).status).toBe(201);
  });
});

test('the seed is shown once, in an answer to a POST that nobody keeps', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const begun = await begin(alice);
  expect(begun.headers['cache-control']).toBe('no-store');
  const seed = seedIn(begun.body.tfa);
  await confirm(alice, codeOf(seed, registry.clock.now));
  for (const url of [profilePath, '/-/whoami', userPath('alice')])
    expect((await alice.get(url)).text).not.toContain(seed);
  expect(registry.log).toEqual([]);
});
