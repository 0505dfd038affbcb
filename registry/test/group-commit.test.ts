import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Write } from '../src/store/database.ts';
import { place } from './support/test-registry.ts';

/** Writers at the same moment share a commit, and nothing else. */

async function openScratch() {
  const folder = mkdtempSync(join(place, 'pub-registry-'));
  const file = join(folder, 'registry.sqlite');
  const database = await openDatabase(file);
  const outside = new SQLite(file);
  onTestFinished(async () => {
    outside.close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const committed = () => outside.prepare('select name from scopes order by rowid').pluck().all();
  return { database, outside, committed };
}

async function take(transaction: Write, name: string, accountId: number | null = 1): Promise<string> {
  const row = { name, account_id: accountId, organisation_id: null, created_at: 0 };
  await transaction.insertInto('scopes').values(row).execute();
  return name;
}

/** Rows of `scopes` need an account. */
async function addAccount(transaction: Write): Promise<void> {
  await sql`insert into accounts (id, name, password_hash, profile, created_at, updated_at)
    values (1, 'alice', '', '{}', 0, 0)`.execute(transaction);
}

const namesIn = async (transaction: Write) =>
  (await transaction.selectFrom('scopes').select('name').execute()).map(({ name }) => name);

test('writers at the same moment are in one transaction, of which nothing shows before all are done', async () => {
  const { database, committed } = await openScratch();
  await database.write(addAccount);
  const [, seenByThird] = await Promise.all([
    database.write((transaction) => take(transaction, '@a')),
    database.write(async (transaction) => {
      await take(transaction, '@b');
      expect(committed()).toEqual([]);
      return await namesIn(transaction);
    }),
  ]);
  expect(seenByThird).toEqual(['@a', '@b']);
  expect(committed()).toEqual(['@a', '@b']);
});

test('what resolves is committed, and nothing else is: whatever becomes of the neighbours', async () => {
  const { database, committed } = await openScratch();
  await database.write(addAccount);
  const attempts = Array.from({ length: 100 }, (_, i) =>
    database
      .write(async (transaction) => {
        await take(transaction, `@scope-${i}`);
        if (i % 3 === 0) throw new Error(`no ${i}`);
        if (i % 7 === 0) await take(transaction, '@scope-1');
        return i;
      })
      .then((number) => expect(committed()).toContain(`@scope-${number}`)),
  );
  const outcomes = await Promise.allSettled(attempts);
  const good = [...outcomes.keys()].filter((i) => i % 3 !== 0 && i % 7 !== 0);
  expect(outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))).toEqual(good);
  expect(committed()).toEqual(good.map((i) => `@scope-${i}`));
  expect((outcomes[3] as PromiseRejectedResult).reason.message).toBe('no 3');
  expect((outcomes[7] as PromiseRejectedResult).reason.code).toMatch(/^SQLITE_CONSTRAINT/);
});

test('a failed part is told after the commit, for it may have failed over what a neighbour did', async () => {
  const { database, committed } = await openScratch();
  await database.write(addAccount);
  const first = database.write((transaction) => take(transaction, '@a'));
  const second = database.write(async (transaction) => {
    if ((await namesIn(transaction)).includes('@a')) throw new Error('@a is taken');
  });
  await expect(second).rejects.toThrow('@a is taken');
  expect(committed()).toEqual(['@a']);
  await first;
});

test('a commit that fails fails all who were in it, and leaves nothing, not even a neighbour\'s "taken"', async () => {
  const { database, committed } = await openScratch();
  await database.write(addAccount);
  const outcomes = await Promise.allSettled([
    database.write((transaction) => take(transaction, '@a')),
    // A foreign key that is looked at when the transaction ends: nothing fails until then.
    database.write(async (transaction) => {
      await sql`pragma defer_foreign_keys = on`.execute(transaction);
      await take(transaction, '@b', 99);
    }),
    database.write(async (transaction) => {
      if ((await namesIn(transaction)).includes('@a')) throw new Error('@a is taken');
    }),
  ]);
  expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason?.code)).toEqual(
    Array(3).fill('SQLITE_CONSTRAINT_FOREIGNKEY'),
  );
  expect(committed()).toEqual([]);
  expect(await database.write((transaction) => take(transaction, '@a'))).toBe('@a');
  expect(committed()).toEqual(['@a']);
});

test('a failure that ends the whole transaction fails all who were in it, also those who had succeeded', async () => {
  const { database, committed } = await openScratch();
  await database.write(addAccount);
  const outcomes = await Promise.allSettled([
    database.write((transaction) => take(transaction, '@a')),
    // As SQLite does by itself on a full disk.
    database.write((transaction) =>
      sql`insert or rollback into scopes (name, account_id, created_at) values ('@a', 1, 0)`.execute(
        transaction,
      ),
    ),
    database.write((transaction) => take(transaction, '@c')),
  ]);
  // The third had not begun: it goes on in a transaction of its own.
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(committed()).toEqual(['@c']);
});

test('writers wait for another process, and readers do not', async () => {
  const { database, outside, committed } = await openScratch();
  await database.write(addAccount);
  outside.exec('begin immediate');
  let written = 0;
  const writers = Array.from({ length: 5 }, (_, i) =>
    database.write((transaction) => take(transaction, `@${i}`)).then(() => written++),
  );
  for (let i = 0; i < 20; i++) {
    const names = await database.snapshot(
      async (db) => await db.selectFrom('accounts').select('name').execute(),
    );
    expect(await database.read.selectFrom('accounts').select('name').execute()).toEqual(names);
    expect(await database.look().recall('names', async () => names)).toEqual([{ name: 'alice' }]);
  }
  expect(written).toBe(0);
  outside.exec("insert into scopes (name, account_id, created_at) values ('@outside', 1, 0); commit");
  await Promise.all(writers);
  expect(committed()).toEqual(['@outside', '@0', '@1', '@2', '@3', '@4']);
});

test('a snapshot shows one moment, and other readers what was committed since', async () => {
  const { database } = await openScratch();
  await database.write(addAccount);
  const countIn = async (db: Parameters<Parameters<typeof database.snapshot>[0]>[0]) =>
    (await db.selectFrom('scopes').select('name').execute()).length;
  await database.snapshot(async (db) => {
    expect(await countIn(db)).toBe(0);
    expect(await database.look().recall('count', () => countIn(database.read))).toBe(0);
    await database.write((transaction) => take(transaction, '@a'));
    expect(await countIn(db)).toBe(0);
    expect(await countIn(database.read)).toBe(1);
    expect(await database.look().recall('count', () => countIn(database.read))).toBe(1);
  });
});
