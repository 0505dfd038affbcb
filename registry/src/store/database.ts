import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SQLite from 'better-sqlite3';
import { Kysely, SqliteDialect, sql, type Transaction } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { migrations } from './migrations.ts';
import type { Schema } from './schema.ts';

/** A transaction that will be committed whole or not at all. Only `Database.write` makes one. */
export type Write = Transaction<Schema>;

/** Anything that can be read from: the database, or a transaction in progress. */
export type Read = Pick<Kysely<Schema>, 'selectFrom'>;

export interface Database {
  /** Reads a committed state. Never waits for a writer. */
  readonly read: Read;
  /**
   * Runs `work` in one transaction, alone among writers, of this and of other processes. What it did is on
   * disk when the promise resolves. `work` must wait for nothing but the database: everybody waits for it.
   */
  write<T>(work: (transaction: Write) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How long a writer of another process is waited for, in milliseconds. */
const busyTimeout = 10_000;

/** How often it is asked whether that writer is done, in milliseconds: about as long as a commit takes. */
const busyPause = 5;

/** Opens the SQLite database in `file`, making and migrating it as needed. */
export async function openDatabase(file: string): Promise<Database> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const writer = new Kysely<Schema>({ dialect: new SqliteDialect({ database: connect(file) }) });
  await migrate(writer);
  // From here on this program waits by itself: SQLite's own waiting would stop every reader of this process.
  await sql`pragma busy_timeout = 0`.execute(writer);
  const reader = new Kysely<Schema>({ dialect: new SqliteDialect({ database: connect(file, true) }) });
  return {
    read: reader,
    write: (work) => inTransaction(writer, work),
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

function connect(file: string, readonly = false): SQLite.Database {
  const database = new SQLite(file, { readonly, timeout: busyTimeout });
  if (!readonly) database.pragma('journal_mode = WAL');
  // FULL: an acknowledged publish survives power loss, not only a crash of this process.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  return database;
}

/**
 * `begin immediate`, not the driver's `begin`: a transaction that reads first and writes later would fail
 * with SQLITE_BUSY when another process wrote in between. The connection is ours alone until it ends.
 */
function inTransaction<T>(db: Kysely<Schema>, work: (transaction: Write) => Promise<T>): Promise<T> {
  return db.connection().execute(async (connection) => {
    await begin(connection);
    try {
      const result = await work(connection as Write);
      await sql`commit`.execute(connection);
      return result;
    } catch (error) {
      await sql`rollback`.execute(connection);
      throw error;
    }
  });
}

async function begin(connection: Kysely<Schema>): Promise<void> {
  const deadline = performance.now() + busyTimeout;
  for (;;) {
    try {
      await sql`begin immediate`.execute(connection);
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await sleep(busyPause);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: async () => migrations as Record<string, Migration> };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw new Error('the database could not be brought up to date', { cause: error });
}
