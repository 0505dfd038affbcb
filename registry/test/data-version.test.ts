import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SQLite from 'better-sqlite3';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createDataVersion } from '../src/store/data-version.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { place } from './support/test-registry.ts';

async function openScratch() {
  const folder = mkdtempSync(join(place, 'pub-version-'));
  const file = join(folder, 'registry.sqlite');
  const database = await openDatabase(file);
  const outside = new SQLite(file, { timeout: 0 });
  onTestFinished(async () => {
    outside.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });
  return { database, outside, log: `${file}-wal` };
}

const commitOutside = (outside: SQLite.Database, text = '') =>
  outside.prepare('insert into audit_notes (text) values (?)').run(text);

/** True where a reader keeps the log from starting over. */
function isHeld(outside: SQLite.Database): boolean {
  const [result] = outside.pragma('wal_checkpoint(truncate)') as { busy: number }[];
  return result?.busy === 1;
}

/** Looks until the lock is held, which takes a while without commits. A log that is empty is held by nobody. */
async function lookUntilHeld(database: Database, outside: SQLite.Database): Promise<void> {
  for (let wait = 0; wait < 2_000; wait += 50) {
    commitOutside(outside);
    database.look();
    await sleep(wait);
    database.look();
    if (isHeld(outside)) return;
  }
  throw new Error('nobody ever holds the lock');
}

async function prepared() {
  const scratch = await openScratch();
  scratch.outside.exec('create table audit_notes (text)');
  return scratch;
}

test('while nobody commits a reader holds the log, and each commit shows in the next look all the same', async () => {
  const { database, outside } = await prepared();
  for (let i = 0; i < 3; i += 1) {
    await lookUntilHeld(database, outside);
    const { version } = database.look();
    expect(database.look().version).toBe(version);
    commitOutside(outside);
    expect(database.look().version).not.toBe(version);
  }
});

test('a log that is held is let go by itself, without another look', async () => {
  const { database, outside } = await prepared();
  await lookUntilHeld(database, outside);
  await vi.waitFor(() => expect(isHeld(outside)).toBe(false), { timeout: 20_000, interval: 20 });
});

test('this process commits to a log that nobody holds, however often it is looked at meanwhile', async () => {
  const { database, outside } = await prepared();
  await lookUntilHeld(database, outside);
  await database.write(async (transaction) => {
    await sql`insert into audit_notes (text) values ('')`.execute(transaction);
    // Longer than the lock is left alone after a commit.
    for (let i = 0; i < 60; i += 1) {
      database.look();
      await sleep(5);
    }
  });
  expect(isHeld(outside)).toBe(false);
});

test('the log stays small beside readers that look all the time', async () => {
  const { database, outside, log } = await prepared();
  const text = 'x'.repeat(40_000);
  let largest = 0;
  for (let i = 0; i < 600; i += 1) {
    if (i % 100 === 0) await lookUntilHeld(database, outside);
    commitOutside(outside, text);
    database.look();
    largest = Math.max(largest, statSync(log).size);
  }
  // 24 MB were written. It starts over after 1,000 pages, at the next commit without a reader.
  expect(largest).toBeLessThan(10 * 1024 * 1024);
});

test('a lock that nobody can take changes nothing', async () => {
  const { outside, log } = await prepared();
  const reading = new SQLite(log.replace('-wal', ''), { readonly: true });
  let tried = 0;
  const version = createDataVersion(reading, () => {
    tried += 1;
    throw new Error('too many open files');
  });
  const before = version.current();
  for (let wait = 0; wait < 2_000 && tried === 0; wait += 50) {
    await sleep(wait);
    expect(version.current()).toBe(before);
  }
  expect(tried).toBe(1);
  commitOutside(outside);
  expect(version.current()).not.toBe(before);
  version.close();
  reading.close();
});
