import { describe, expect, test } from 'vitest';
import type { Requester } from '../src/accounts/actor.ts';
import {
  type Authentication,
  beginAuthentication,
  finishAuthentication,
} from '../src/accounts/passkeys/authenticate.ts';
import { listPasskeys, removePasskey, renamePasskey } from '../src/accounts/passkeys/passkeys.ts';
import { beginRegistration, finishRegistration } from '../src/accounts/passkeys/register.ts';
import { findRelyingParty } from '../src/accounts/passkeys/relying-party.ts';
import { disableFactor } from '../src/accounts/second-factor/removal.ts';
import { Refusal } from '../src/errors.ts';
import type { Services } from '../src/services.ts';
import type { Client } from './support/client.ts';
import { openSession } from './support/open-session.ts';
import { publish } from './support/publishing.ts';
import { type Lies, SoftwareAuthenticator } from './support/software-authenticator.ts';
import { minute, second } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

const origin = 'https://registry.example';
const publicUrl = () => origin;

interface Person {
  readonly client: Client;
  readonly requester: Requester;
  readonly key: SoftwareAuthenticator;
}

async function register(services: Services, requester: Requester, lies: Lies = {}) {
  const key = new SoftwareAuthenticator(origin);
  const options = await beginRegistration(services, requester);
  const response = key.create(options, lies);
  return { key, ...(await finishRegistration(services, requester, { name: 'blue key', response })) };
}

async function start(): Promise<{ registry: TestRegistry; services: Services } & Person> {
  const registry = await createTestRegistry({ settings: { publicUrl } });
  const { services } = registry;
  const client = await registry.signUp('alice');
  const requester = await openSession(registry, 'alice');
  const { key } = await register(services, requester);
  return { registry, services, client, requester, key };
}

const login = { purpose: 'login', context: 'browser:1' } as const;

/** What became of it: the account's id, or the code of the refusal. */
async function outcome(work: Promise<{ accountId: number }>): Promise<number | string> {
  try {
    return (await work).accountId;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

async function authenticate(
  services: Services,
  key: SoftwareAuthenticator,
  asked: Authentication = login,
  lies: Lies = {},
): Promise<number | string> {
  const options = await beginAuthentication(services, asked);
  return await outcome(finishAuthentication(services, { ...asked, response: key.get(options, lies) }));
}

const outbox = (registry: TestRegistry) =>
  registry.sql('select template, content from outbox order by id').map(({ template }) => template);

describe('a passkey', () => {
  test('is added by a session with a fresh proof, logs in by itself, and is asked for as a factor', async () => {
    const { registry, services, requester, key } = await start();
    const { accountId } = requester.actor;
    expect(await authenticate(services, key)).toBe(accountId);
    const asked = { purpose: 'second-factor', accountId, context: 'session:1' } as const;
    const options = await beginAuthentication(services, asked);
    expect(options).toMatchObject({ rpId: 'registry.example', userVerification: 'preferred' });
    expect(options.allowCredentials).toEqual([{ id: key.id, type: 'public-key', transports: ['usb'] }]);
    expect(await outcome(finishAuthentication(services, { ...asked, response: key.get(options) }))).toBe(
      accountId,
    );
    expect(await listPasskeys(services.database.read, accountId)).toEqual([
      {
        id: key.id,
        name: 'blue key',
        synced: false,
        createdAt: registry.clock.now,
        lastUsedAt: registry.clock.now,
      },
    ]);
    expect((await registry.auditEvents()).slice(-1)).toEqual(['factor:passkey-added alice alice']);
    expect(outbox(registry)).toContain('factor-added');
  });

  test('as the first factor brings recovery codes, as the second it leaves them', async () => {
    const registry = await createTestRegistry({ settings: { publicUrl } });
    await registry.signUp('alice');
    const requester = await openSession(registry, 'alice');
    expect((await register(registry.services, requester)).recoveryCodes).toHaveLength(10);
    expect((await register(registry.services, requester)).recoveryCodes).toBeUndefined();
    expect(registry.sql('select count(*) as n from recovery_codes')[0].n).toBe(10);
  });

  test('is asked for with ES256 first, no attestation, and the keys that are there left out', async () => {
    const { services, requester, key } = await start();
    const options = await beginRegistration(services, requester);
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-7, -8, -257]);
    expect(options).toMatchObject({
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
    expect(options.excludeCredentials?.map(({ id }) => id)).toEqual([key.id]);
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
  });

  test('is not added without a fresh proof, nor by a token, nor where the session ended meanwhile', async () => {
    const { registry, services, requester } = await start();
    const byToken = {
      ...requester,
      actor: { ...requester.actor, credential: { kind: 'token', id: 1 } },
    } as const;
    await expect(beginRegistration(services, byToken)).rejects.toMatchObject({ code: 'unsupported' });
    const key = new SoftwareAuthenticator(origin);
    const response = key.create(await beginRegistration(services, requester));
    registry.sql('update sessions set ended_at = 1');
    const finish = finishRegistration(services, requester, { name: 'late', response });
    await expect(finish).rejects.toMatchObject({ code: 'unauthenticated' });
    registry.clock.advance(10 * minute + second);
    await expect(beginRegistration(services, requester)).rejects.toMatchObject({ code: 'proof_required' });
    expect(await listPasskeys(services.database.read, requester.actor.accountId)).toHaveLength(1);
  });

  test('belongs to one account, whoever else claims its id', async () => {
    const { registry, services, key } = await start();
    await registry.signUp('mallory');
    const mallory = await openSession(registry, 'mallory');
    await expect(register(services, mallory, { id: key.id })).rejects.toMatchObject({ code: 'conflict' });
    expect(await authenticate(services, key)).toBe(1);
  });

  test('is renamed and removed by its own account only', async () => {
    const { registry, services, requester, key } = await start();
    await registry.signUp('mallory');
    const mallory = await openSession(registry, 'mallory');
    const stolen = { id: key.id, name: 'mine', password: goodPassword };
    await expect(renamePasskey(services, mallory, stolen)).rejects.toMatchObject({ code: 'not_found' });
    await expect(removePasskey(services, mallory, stolen)).rejects.toMatchObject({ code: 'not_found' });
    await renamePasskey(services, requester, { id: key.id, name: ' green key ' });
    expect(await listPasskeys(services.database.read, 1)).toMatchObject([{ name: 'green key' }]);
    for (const name of ['', ' ', 'x'.repeat(61), 'a\nb', 'a\u202eb']) {
      const renamed = renamePasskey(services, requester, { id: key.id, name });
      await expect(renamed, JSON.stringify(name)).rejects.toMatchObject({ code: 'bad_request' });
    }
    await removePasskey(services, requester, { id: key.id, password: goodPassword });
    expect(await authenticate(services, key)).toBe('passkey_refused');
    expect(registry.sql('select count(*) as n from recovery_codes')[0].n).toBe(0);
    expect(outbox(registry)).toContain('factor-removed');
  });

  test('that is the last factor stays while a package requires one, or the password is too short alone', async () => {
    const { registry, services, requester, key } = await start();
    const alone = removePasskey(services, requester, { id: key.id, password: 'too short' });
    await expect(alone).rejects.toMatchObject({ code: 'bad_request' });
    registry.sql(`
      insert into packages (ecosystem, name, access, require_2fa, revision, created_at, updated_at)
        values ('npm', '@acme/tool', 'public', 1, 1, 1, 1);
      insert into owners (package_id, account_id, added_at) values (1, 1, 1)`);
    const password = goodPassword;
    const required = removePasskey(services, requester, { id: key.id, password });
    await expect(required).rejects.toMatchObject({ code: 'owner_without_factor' });
    expect(await listPasskeys(services.database.read, 1)).toHaveLength(1);
    const other = await register(services, requester);
    await removePasskey(services, requester, { id: key.id, password: undefined });
    expect(await authenticate(services, other.key)).toBe(1);
  });

  test('alone is what npm is told of, and is not removed by what npm knows of', async () => {
    const { registry, services, client } = await start();
    expect((await client.get(profilePath)).body.tfa).toEqual({ mode: 'auth-and-writes', pending: false });
    const disable = { tfa: { mode: 'disable', password: client.password } };
    expect((await client.post(profilePath, disable)).code).toBe('otp_required');
    const session = await openSession(registry, 'alice');
    await expect(disableFactor(services, session, goodPassword)).rejects.toMatchObject({ code: 'conflict' });
    expect(await listPasskeys(services.database.read, 1)).toHaveLength(1);
  });

  test('alone is asked for at every write: a token publishes nothing without it', async () => {
    const { registry, client } = await start();
    expect((await registry.logIn('alice')).code).toBe('otp_required');
    expect((await publish(client, { name: '@acme/tool', version: '1.0.0' })).code).toBe('otp_required');
  });
});

describe('an answer of a passkey is refused', () => {
  const wrong: Record<string, Lies> = {
    'from another origin': { origin: 'https://registry.example.evil' },
    'from another port': { origin: 'https://registry.example:8443' },
    'over plain HTTP': { origin: 'http://registry.example' },
    'from a subdomain': { origin: 'https://www.registry.example' },
    'for another RP ID': { rpId: 'example' },
    'of another type': { type: 'webauthn.create' },
    'to a challenge nobody made': { challenge: Buffer.alloc(32).toString('base64url') },
    'from a page in a frame of another origin': { crossOrigin: true },
    'without a person present': { present: false },
    'without a user handle, at a login': { userHandle: undefined },
    'with the user handle of somebody else': { userHandle: Buffer.alloc(32).toString('base64url') },
    'of a passkey nobody has': { id: Buffer.alloc(32).toString('base64url') },
  };
  for (const [how, lies] of Object.entries(wrong)) {
    test(how, async () => {
      const { registry, services, key } = await start();
      expect(await authenticate(services, key, login, lies)).toBeOneOf(['passkey_refused', 'bad_request']);
      expect(registry.sql('select last_used_at from passkeys')[0].last_used_at).toBeNull();
      expect(await authenticate(services, key)).toBe(1);
    });
  }

  test('without user verification at a login or an approval, and not where it is a second factor', async () => {
    const { services, key } = await start();
    const lies = { verified: false };
    const asked = { accountId: 1, context: 'x' } as const;
    expect(await authenticate(services, key, login, lies)).toBe('passkey_refused');
    expect(await authenticate(services, key, { ...asked, purpose: 'approve' }, lies)).toBe('passkey_refused');
    expect(await authenticate(services, key, { ...asked, purpose: 'second-factor' }, lies)).toBe(1);
    expect(await authenticate(services, key, { ...asked, purpose: 'confirm' }, lies)).toBe(1);
  });

  test('when it comes twice, also at once, also to two processes', async () => {
    const { registry, services, key } = await start();
    const other = { ...(await registry.another()).services, settings: services.settings };
    key.counts = false;
    const response = key.get(await beginAuthentication(services, login));
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        outcome(finishAuthentication(i % 2 === 0 ? services : other, { ...login, response })),
      ),
    );
    expect(outcomes.filter((one) => one === 1)).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'passkey_refused')).toHaveLength(7);
    expect(await outcome(finishAuthentication(services, { ...login, response }))).toBe('passkey_refused');
  });

  test('when a wrong answer used its challenge up', async () => {
    const { services, key } = await start();
    const options = await beginAuthentication(services, login);
    const wrongAnswer = key.get(options, { origin: 'https://evil.example' });
    expect(await outcome(finishAuthentication(services, { ...login, response: wrongAnswer }))).toBe(
      'passkey_refused',
    );
    expect(await outcome(finishAuthentication(services, { ...login, response: key.get(options) }))).toBe(
      'passkey_refused',
    );
  });

  test('after five minutes', async () => {
    const { registry, services, key } = await start();
    const first = key.get(await beginAuthentication(services, login));
    registry.clock.advance(5 * minute - 1);
    const late = key.get(await beginAuthentication(services, login));
    expect(await outcome(finishAuthentication(services, { ...login, response: first }))).toBe(1);
    registry.clock.advance(5 * minute);
    expect(await outcome(finishAuthentication(services, { ...login, response: late }))).toBe(
      'passkey_refused',
    );
  });

  test('for another purpose, context or account than it was asked for', async () => {
    const { registry, services, key } = await start();
    await registry.signUp('bob');
    const bob = await register(services, await openSession(registry, 'bob'));
    const asked = { purpose: 'confirm', accountId: 1, context: 'session:1' } as const;
    const others: Authentication[] = [
      { ...asked, purpose: 'second-factor' },
      { ...asked, purpose: 'approve' },
      { ...asked, context: 'session:2' },
      { ...asked, accountId: 2 },
      { purpose: 'login', context: 'session:1' },
    ];
    for (const other of others) {
      const response = key.get(await beginAuthentication(services, asked));
      expect(await outcome(finishAuthentication(services, { ...other, response }))).toBe('passkey_refused');
    }
    const lies = { userHandle: undefined };
    const response = bob.key.get(await beginAuthentication(services, asked), lies);
    expect(await outcome(finishAuthentication(services, { ...asked, response }))).toBe('passkey_refused');
  });

  test('when a registration is answered as a login, or a login as a registration', async () => {
    const { services, requester, key } = await start();
    const creation = await beginRegistration(services, requester);
    const assertion = key.get({ challenge: creation.challenge, rpId: 'registry.example' });
    const context = `session:${requester.actor.credential.id}`;
    for (const asked of [login, { purpose: 'confirm', accountId: 1, context } as const]) {
      expect(await outcome(finishAuthentication(services, { ...asked, response: assertion }))).toBe(
        'passkey_refused',
      );
    }
    const { challenge } = await beginAuthentication(services, login);
    const response = new SoftwareAuthenticator(origin).create({ ...creation, challenge });
    const finish = finishRegistration(services, requester, { name: 'x', response });
    await expect(finish).rejects.toMatchObject({ code: 'passkey_refused' });
  });

  test('when its signature, or what was signed, was changed', async () => {
    const { services, key } = await start();
    for (const member of ['signature', 'authenticatorData', 'clientDataJSON'] as const) {
      const credential = key.get(await beginAuthentication(services, login));
      const bytes = Buffer.from(credential.response[member], 'base64url');
      const text = bytes.toString('latin1');
      const changed =
        member === 'clientDataJSON'
          ? Buffer.from(text.replace('}', ',"extra":true}'), 'latin1')
          : Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]);
      const response = { ...credential.response, [member]: changed.toString('base64url') };
      const finish = finishAuthentication(services, { ...login, response: { ...credential, response } });
      expect(await outcome(finish), member).toBe('passkey_refused');
    }
  });

  test('when its counter did not go up, in the log and by mail; counters that stay at zero are fine', async () => {
    const { registry, services, key } = await start();
    expect(await authenticate(services, key, login, { counter: 0 })).toBe(1);
    expect(await authenticate(services, key, login, { counter: 0 })).toBe(1);
    expect(await authenticate(services, key, login, { counter: 7 })).toBe(1);
    for (const counter of [7, 6, 0]) {
      expect(await authenticate(services, key, login, { counter })).toBe('passkey_refused');
    }
    expect((await registry.auditEvents()).slice(-3)).toEqual(
      Array(3).fill('factor:passkey-counter-regressed alice alice'),
    );
    expect(outbox(registry).filter((template) => template === 'passkey-refused')).toHaveLength(3);
    expect(await authenticate(services, key, login, { counter: 8 })).toBe(1);
  });

  test('of two that came with the same counter at once, one', async () => {
    const { registry, services, key } = await start();
    const other = { ...(await registry.another()).services, settings: services.settings };
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () =>
        key.get(await beginAuthentication(services, login), { counter: 9 }),
      ),
    );
    const outcomes = await Promise.all(
      answers.map((response, i) =>
        outcome(finishAuthentication(i % 2 === 0 ? services : other, { ...login, response })),
      ),
    );
    expect(outcomes.filter((one) => one === 1)).toHaveLength(1);
  });

  test('too often: wrong answers count with wrong codes, and a right one clears the count', async () => {
    const { services, key, registry } = await start();
    const asked = { purpose: 'second-factor', accountId: 1, context: 'x' } as const;
    const lies = { origin: 'https://evil.example' };
    for (let i = 0; i < 4; i++)
      expect(await authenticate(services, key, asked, lies)).toBe('passkey_refused');
    expect(await authenticate(services, key, asked)).toBe(1);
    for (let i = 0; i < 5; i++)
      expect(await authenticate(services, key, asked, lies)).toBe('passkey_refused');
    expect(await authenticate(services, key, asked)).toBe('otp_throttled');
    const answer = await registry.logIn('alice', { otp: '123456' });
    expect(answer.code).toBe('otp_throttled');
    // Nobody guesses a signature: whoever is kept from their codes still has their passkey.
    expect(await authenticate(services, key)).toBe(1);
  });

  test('when it is no answer at all', async () => {
    const { services, key } = await start();
    const good = key.get(await beginAuthentication(services, login));
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const changed = (members: object) => ({ ...good, response: { ...good.response, ...members } });
    const malformed: unknown[] = [
      undefined,
      null,
      'text',
      [],
      {},
      { ...good, type: 'password' },
      { ...good, rawId: 'other' },
      { ...good, id: 7, rawId: 7 },
      { ...good, id: 'x'.repeat(1_365), rawId: 'x'.repeat(1_365) },
      { ...good, response: undefined },
      changed({ clientDataJSON: 'not!base64url' }),
      changed({ clientDataJSON: encode([]) }),
      changed({ clientDataJSON: encode({ challenge: 1 }) }),
      changed({ clientDataJSON: encode({ challenge: 'short' }) }),
      changed({ clientDataJSON: Buffer.from('{').toString('base64url') }),
      changed({ clientDataJSON: 'A'.repeat(4_097) }),
      changed({ authenticatorData: 'A'.repeat(2_049) }),
      changed({ authenticatorData: null }),
      changed({ signature: 'A'.repeat(1_025) }),
      changed({ userHandle: 'A'.repeat(87) }),
      changed({ userHandle: {} }),
    ];
    for (const response of malformed) {
      const finish = finishAuthentication(services, { ...login, response });
      expect(await outcome(finish), JSON.stringify(response)?.slice(0, 200)).toBe('bad_request');
    }
    expect(await outcome(finishAuthentication(services, { ...login, response: good }))).toBe(1);
  });

  test('when its CBOR is torn or nested deep', async () => {
    const { services, requester } = await start();
    const attestations = [
      Buffer.from([0xa3]),
      Buffer.alloc(6_000, 0x81),
      Buffer.alloc(6_000, 0xa1),
      Buffer.from([0xbf, 0x7f]),
      Buffer.from([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (const attestation of attestations) {
      const credential = new SoftwareAuthenticator(origin).create(
        await beginRegistration(services, requester),
      );
      const response = { ...credential.response, attestationObject: attestation.toString('base64url') };
      const finish = finishRegistration(services, requester, {
        name: 'x',
        response: { ...credential, response },
      });
      await expect(finish).rejects.toMatchObject({ code: 'passkey_refused' });
    }
  });
});

describe('a new passkey is refused', () => {
  const wrong: Record<string, Lies> = {
    'from another origin': { origin: 'https://evil.example' },
    'for another RP ID': { rpId: 'evil.example' },
    'of another type': { type: 'webauthn.get' },
    'to a challenge nobody made': { challenge: Buffer.alloc(32).toString('base64url') },
    'without a person present': { present: false },
    'with an attestation nobody asked for': { format: 'fido-u2f' },
  };
  for (const [how, lies] of Object.entries(wrong)) {
    test(how, async () => {
      const { registry, services, requester } = await start();
      await expect(register(services, requester, lies)).rejects.toMatchObject({ code: 'passkey_refused' });
      expect(await listPasskeys(services.database.read, 1)).toHaveLength(1);
      expect((await registry.auditEvents()).at(-1)).toBe(
        'account:change-refused alice alice passkey_refused',
      );
    });
  }

  test('when its challenge was made for another session', async () => {
    const { registry, services, requester } = await start();
    const second = await openSession(registry, 'alice');
    const response = new SoftwareAuthenticator(origin).create(await beginRegistration(services, requester));
    const finish = finishRegistration(services, second, { name: 'x', response });
    await expect(finish).rejects.toMatchObject({ code: 'passkey_refused' });
  });

  test('when it is sent twice at once: it is there once', async () => {
    const { services, requester } = await start();
    const response = new SoftwareAuthenticator(origin).create(await beginRegistration(services, requester));
    const attempts = await Promise.allSettled(
      Array.from({ length: 3 }, () => finishRegistration(services, requester, { name: 'x', response })),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await listPasskeys(services.database.read, 1)).toHaveLength(2);
  });
});

test('a registry has passkeys under HTTPS and a host name, and on loopback as localhost', () => {
  const partyOf = (url: string) => findRelyingParty({ publicUrl: () => url });
  expect(partyOf('https://registry.example')).toEqual({
    id: 'registry.example',
    origin: 'https://registry.example',
  });
  expect(partyOf('https://registry.example:8443/path')?.origin).toBe('https://registry.example:8443');
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.9.9.9']) {
    expect(partyOf(`http://${host}:4873`)).toEqual({ id: 'localhost', origin: 'http://localhost:4873' });
  }
  for (const url of ['http://registry.example', 'https://192.0.2.1', 'https://[2001:db8::1]']) {
    expect(partyOf(url), url).toBeUndefined();
  }
});
