import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../src/store/database.ts';

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pub-registry-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'registry.sqlite');
}

function change(file: string, statement: string): void {
  const connection = new SQLite(file);
  connection.exec(statement);
  connection.close();
}

function tablesIn(file: string): unknown[] {
  const connection = new SQLite(file);
  const tables = connection.prepare(`select name from sqlite_master where type = 'table'`).pluck().all();
  connection.close();
  return tables;
}

test('migrations that break off leave nothing, and the next start makes them all', async () => {
  const file = newFile();
  change(file, 'create table blobs (other text)');
  await expect(openDatabase(file)).rejects.toThrow('could not be brought up to date');
  expect(tablesIn(file)).toEqual(['blobs']);
  change(file, 'drop table blobs');
  await (await openDatabase(file)).close();
  expect(tablesIn(file)).toContain('releases');
  await (await openDatabase(file)).close();
});

test('the database of a later program is refused, and left as it is', async () => {
  const file = newFile();
  await (await openDatabase(file)).close();
  change(file, `insert into kysely_migration values ('9999-later', '2099-01-01T00:00:00.000Z')`);
  await expect(openDatabase(file)).rejects.toThrow('could not be brought up to date');
});
