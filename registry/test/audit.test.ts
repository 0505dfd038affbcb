import { createHash } from 'node:crypto';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { expect, test } from 'vitest';
import { recordEvent, verifyAuditLog } from '../src/audit/log.ts';
import type { Schema } from '../src/store/schema.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, goodPassword, profilePath, type TestRegistry } from './support/test-registry.ts';

const verify = (registry: TestRegistry) => verifyAuditLog(registry.services.database.read);

/** A registry where things happened, and some were refused. */
async function withEvents(): Promise<TestRegistry> {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  await registry.logIn('alice', { password: 'not the password at all' });
  await publish(alice);
  await publish(alice, {}, { otp: app.code() });
  await alice.post('/-/package/@acme%2ftool/access', { publish_requires_tfa: true }, { otp: app.nextCode() });
  return registry;
}

test('an untouched log is intact, and its head is the last hash', async () => {
  const registry = await withEvents();
  const [last] = registry.sql('select * from audit_events order by sequence desc limit 1');
  expect(await verify(registry)).toEqual({ intact: true, events: last.sequence, head: last.hash });
  expect(last.sequence).toBeGreaterThan(7);
});

test('an empty log is intact', async () => {
  expect(await verify(await createTestRegistry())).toEqual({ intact: true, events: 0, head: '0'.repeat(64) });
});

test('the hash of an event is the one it always was: of its members, each after its length in four bytes', async () => {
  const registry = await createTestRegistry();
  const event = { tag: 'release:published', actor: 'älice', subject: 'npm:@acme/tool@1.0.0' } as const;
  await registry.services.database.write((transaction) =>
    recordEvent(transaction, 1_767_268_815_000, { ...event, details: { tag: 'l…t' } }),
  );
  expect((await verify(registry)) as { head: string }).toMatchObject({
    head: 'd6aa2a8ac82389d533356fad25396859e6403bfe0034d1980cb2f122e725d76a',
  });
});

test('the database refuses to change and to delete an event', async () => {
  const registry = await withEvents();
  for (const statement of [
    "update audit_events set actor = 'bob'",
    'update audit_events set at = at',
    'delete from audit_events',
    'delete from audit_events where sequence = 1',
    "insert or replace into audit_events select sequence, at, tag, 'bob', subject, details, previous, hash from audit_events where sequence = 2",
  ])
    expect(() => registry.sql(statement), statement).toThrow(/never changed|only added/);
  expect((await verify(registry)).intact).toBe(true);
});

const member = ['at', 'tag', 'actor', 'subject', 'details', 'previous', 'hash'];
const tampering: [string, string, number][] = [
  ...member.map((column): [string, string, number] => [
    `another ${column}`,
    `update audit_events set ${column} = ${column === 'at' ? 'at + 1' : `'x' || ${column}`} where sequence = 4`,
    4,
  ]),
  [
    'text moved from one member to the next',
    "update audit_events set actor = actor || 'n', subject = 'pm:@acme/tool' where sequence = 8 and 0 or sequence = 8",
    8,
  ],
  ['an event removed', 'delete from audit_events where sequence = 4', 5],
  ['the first event removed', 'delete from audit_events where sequence = 1', 2],
  [
    'an event removed and the rest moved up',
    'delete from audit_events where sequence = 4; update audit_events set sequence = -sequence where sequence > 4; update audit_events set sequence = -sequence - 1 where sequence < 0',
    4,
  ],
  [
    'two events in the other order',
    'update audit_events set sequence = -4 where sequence = 4; update audit_events set sequence = 4 where sequence = 5; update audit_events set sequence = 5 where sequence = -4',
    4,
  ],
  [
    'an event put in between',
    'update audit_events set sequence = -sequence where sequence >= 4; update audit_events set sequence = 1 - sequence where sequence < 0; insert into audit_events select 4, at, tag, actor, subject, details, previous, hash from audit_events where sequence = 3',
    4,
  ],
  [
    'an event put before the first',
    'insert into audit_events select 0, at, tag, actor, subject, details, previous, hash from audit_events where sequence = 1',
    0,
  ],
  [
    'a made-up event at the end',
    "insert into audit_events select sequence + 1, at, 'owner:added', 'alice', subject, details, hash, hash from audit_events order by sequence desc limit 1",
    -1,
  ],
];

test('whatever was done to it by somebody with the file is found, at the event', async () => {
  const registry = await withEvents();
  const count = registry.sql('select count(*) as n from audit_events')[0].n;
  for (const [what, statements, at] of tampering) {
    const file = join(registry.data, `${what}.sqlite`);
    registry.sql(`vacuum into '${file}'`);
    const copy = new SQLite(file);
    for (const trigger of ['no_update', 'no_delete', 'in_order'])
      copy.exec(`drop trigger audit_events_${trigger}`);
    copy.exec(statements);
    const found = await verifyAuditLog(readerOf(copy));
    expect([what, found.intact], JSON.stringify(found)).toEqual([what, false]);
    expect([what, 'sequence' in found && found.sequence]).toEqual([what, at === -1 ? count + 1 : at]);
    copy.close();
  }
});

test('an event that was changed and given a hash that fits is found by the next one', async () => {
  const registry = await withEvents();
  const [event] = registry.sql('select * from audit_events where sequence = 4');
  const changed = { ...event, actor: 'mallory' };
  registry.sql(`drop trigger audit_events_no_update;
    update audit_events set actor = 'mallory', hash = '${hashOf(changed)}' where sequence = 4`);
  expect(hashOf(event)).toBe(event.hash);
  expect(await verify(registry)).toMatchObject({ intact: false, sequence: 5 });
});

/** The hash of an event as `audit/log.ts` describes it: SHA-256 over its members, each behind its length. */
function hashOf(event: Record<string, string | number>): string {
  const hash = createHash('sha256');
  for (const member of ['previous', 'sequence', 'at', 'tag', 'actor', 'subject', 'details']) {
    const bytes = Buffer.from(String(event[member]));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(Buffer.concat([length, bytes]));
  }
  return hash.digest('hex');
}

test('an end that was cut off shows against a head that was kept', async () => {
  const registry = await withEvents();
  const before = await verify(registry);
  registry.sql(
    'drop trigger audit_events_no_delete; delete from audit_events where sequence = (select max(sequence) from audit_events)',
  );
  const after = await verify(registry);
  expect(after.intact && before.intact && after.head !== before.head && after.events < before.events).toBe(
    true,
  );
});

test('a log longer than a page is read to its end', async () => {
  const registry = await createTestRegistry();
  await registry.services.database.write(async (transaction) => {
    for (let i = 0; i < 2_000; i++)
      await recordEvent(transaction, i, { tag: 'account:login', actor: 'alice', subject: 'alice' });
  });
  expect(await verify(registry)).toMatchObject({ intact: true, events: 2_000 });
  registry.sql(
    "drop trigger audit_events_no_update; update audit_events set actor = 'bob' where sequence = 1999",
  );
  expect(await verify(registry)).toMatchObject({ intact: false, sequence: 1_999 });
});

test('two servers on one folder write one chain', async () => {
  const registry = await createTestRegistry();
  const there = await registry.another();
  const alice = await registry.signUp('alice');
  const elsewhere = alice.from({ app: there.app });
  await Promise.all(
    Array.from({ length: 10 }, (_, i) => publish(i % 2 ? alice : elsewhere, { name: `tool-${i}` })),
  );
  expect(await verify(registry)).toMatchObject({ intact: true, events: 22 });
});

test('no event holds a secret', async () => {
  const registry = await createTestRegistry();
  const [alice, app] = await registry.signUpWithFactor('alice');
  const code = app.code();
  await publish(alice, {}, { otp: app.wrongCode() });
  await publish(alice, {}, { otp: code });
  await alice.post(
    profilePath,
    { password: { old: goodPassword, new: 'another good password' } },
    { otp: app.nextCode() },
  );
  await registry.logIn('alice', { otp: app.recoveryCodes[0] ?? '', password: 'another good password' });
  await alice.delete(`/-/user/token/${alice.token}`);
  const text = JSON.stringify(registry.sql('select * from audit_events'));
  expect(text).toContain('account:password-changed');
  for (const secret of [
    code,
    app.seed,
    alice.token,
    goodPassword,
    'another good password',
    ...app.recoveryCodes,
  ])
    expect(text).not.toContain(secret);
});

/** The little of a database that verifying reads. */
function readerOf(raw: SQLite.Database): Parameters<typeof verifyAuditLog>[0] {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: raw }) });
}
