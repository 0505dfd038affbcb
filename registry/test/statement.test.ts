import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../src/store/database.ts';
import type { TagRow } from '../src/store/schema.ts';
import { columns, type Placeholders, statement } from '../src/store/statement.ts';

const data = mkdtempSync(join(tmpdir(), 'pub-statement-'));
let database: Database;

beforeAll(async () => {
  database = await openDatabase(join(data, 'registry.sqlite'));
  await database.write(async (transaction) => {
    for (const id of [1, 2])
      await sql`insert into packages (id, ecosystem, name, access, require_2fa, revision, created_at, updated_at)
        values (${id}, 'npm', ${`tool-${id}`}, 'public', 0, 0, 0, 0)`.execute(transaction);
  });
});
afterAll(async () => {
  await database.close();
  rmSync(data, { recursive: true });
});

const insert = statement((db, row: Placeholders<TagRow>) =>
  db.insertInto('tags').values(columns(row, ['package_id', 'name', 'version'])),
);
const tagged = statement((db, { name, version }: Placeholders<{ name: string; version: string }>) =>
  db
    .selectFrom('tags')
    .select(['package_id', 'version'])
    // Given out of order, twice, and beside a value that is always the same.
    .where('version', '=', version)
    .where('name', '=', name)
    .where('name', '!=', 'never')
    .where('version', '=', version),
);
const remove = statement((db, { name }: Placeholders<{ name: string }>) =>
  db.deleteFrom('tags').where('name', '=', name),
);

test('a statement takes its values by their names, each time it is run, wherever it is run', async () => {
  await database.write(async (transaction) => {
    for (const [package_id, version] of [
      [1, '1.0.0'],
      [2, '2.0.0'],
    ] as const)
      await insert.run(transaction, { package_id, name: 'beta', version });
    expect(await tagged.first(transaction, { name: 'beta', version: '2.0.0' })).toEqual({
      package_id: 2,
      version: '2.0.0',
    });
  });
  expect(await tagged.all(database.read, { name: 'beta', version: '1.0.0' })).toEqual([
    { package_id: 1, version: '1.0.0' },
  ]);
  const seen = await database.snapshot((db) => tagged.get(db, { name: 'beta', version: '2.0.0' }));
  expect(seen.package_id).toBe(2);
  expect(await tagged.first(database.read, { name: "' or 1=1 --", version: '2.0.0' })).toBeUndefined();
  await expect(tagged.get(database.read, { name: 'beta', version: '3.0.0' })).rejects.toThrow('is not');
});

test('it says how many rows it changed, and is taken back with its transaction', async () => {
  const failing = database.write(async (transaction) => {
    expect(await remove.run(transaction, { name: 'beta' })).toBe(2);
    expect(await remove.run(transaction, { name: 'beta' })).toBe(0);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await tagged.all(database.read, { name: 'beta', version: '1.0.0' })).toHaveLength(1);
});
