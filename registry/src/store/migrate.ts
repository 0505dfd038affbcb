import type SQLite from 'better-sqlite3';
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { migrations } from './migrations.ts';
import type { Schema } from './schema.ts';

/**
 * Brings the database up to date, whole or not at all and alone among processes: one that is killed half way, or
 * starts beside another, leaves nothing that a later start stumbles over. Kysely counts SQLite among the databases
 * that cannot do so, and would commit each statement. `db` works on `connection`.
 */
export async function migrate(connection: SQLite.Database, db: Kysely<Schema>): Promise<void> {
  if (isUpToDate(connection)) return;
  connection.exec('begin immediate');
  const provider = { getMigrations: async () => migrations as Record<string, Migration> };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) connection.exec('commit');
  // SQLite has ended it already where the disk is full, say.
  else if (connection.inTransaction) connection.exec('rollback');
  if (error !== undefined) throw new Error('the database could not be brought up to date', { cause: error });
}

/** What nearly every start finds. Any other state, such as that of a later program, is for the migrator to judge. */
function isUpToDate(connection: SQLite.Database): boolean {
  const table = connection.prepare(`select 1 from sqlite_master where name = 'kysely_migration'`).get();
  if (table === undefined) return false;
  const done = connection.prepare('select name from kysely_migration order by name').pluck().all();
  return done.join() === Object.keys(migrations).join();
}
