import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import SQLite from 'better-sqlite3';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { createDataVersion } from './data-version.ts';
import { createDirectKysely } from './direct-executor.ts';
import { createGroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { keepPrepared } from './prepared-statements.ts';
import { createLooks, type Look } from './recall.ts';
import type { Schema } from './schema.ts';

/** A transaction that will be committed whole or not at all. Only `Database.write` makes one. */
export type Write = Transaction<Schema>;

/** Anything that can be read from: the database, or a transaction in progress. */
export type Read = Pick<Kysely<Schema>, 'selectFrom'>;

export interface Database {
  /** Reads a committed state. Never waits for a writer. */
  readonly read: Read;
  /** Runs `work` on one committed state, however many queries it makes. Never waits for a writer either. */
  snapshot<T>(work: (db: Read) => Promise<T>): Promise<T>;
  /** Remembers what is read until somebody commits: see `recall.ts`. */
  readonly look: () => Look;
  /**
   * Runs `work` whole or not at all, alone among writers, of this and of other processes. What it did is on disk
   * when the promise resolves. `work` must wait for nothing but the database: everybody waits for it.
   */
  write<T>(work: (transaction: Write) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens the SQLite database in `file`, making and migrating it as needed. */
export async function openDatabase(file: string): Promise<Database> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const writing = connect(file);
  const writer = await createDirectKysely<Schema>(keepPrepared(writing));
  await migrate(writing, writer);
  // From here on this program waits by itself: SQLite's own waiting would stop every reader of this process.
  writing.pragma('busy_timeout = 0');
  const reading = connect(file, true);
  const reader = await createDirectKysely<Schema>(keepPrepared(reading));
  // Of their own: within one, `reader` would not see what is committed meanwhile.
  const snapshots = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: keepPrepared(connect(file, true)) }),
  });
  const version = createDataVersion(reading, () => connect(file, true));
  const groupCommit = createGroupCommit(writing, version.beforeCommit);
  return {
    read: reader,
    snapshot: (work) => snapshots.transaction().execute(work),
    look: createLooks(version.current),
    write: (work) => groupCommit(() => work(writer as unknown as Write)),
    async close() {
      version.close();
      await Promise.all([reader, snapshots, writer].map((connection) => connection.destroy()));
    },
  };
}

/** How long the opening of a database waits for others, in milliseconds. */
const busyTimeout = 10_000;

/** Two processes that do so at once with a new file lock each other out, and SQLite does not wait for that. */
function keepWriteAheadLog(database: SQLite.Database): void {
  const until = Date.now() + busyTimeout;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || Date.now() > until) throw error;
      Atomics.wait(clock, 0, 0, 5);
    }
  }
}

function connect(file: string, readonly = false): SQLite.Database {
  const database = new SQLite(file, { readonly, timeout: busyTimeout });
  if (!readonly) keepWriteAheadLog(database);
  // FULL: an acknowledged publish survives power loss, not only a crash of this process.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // What a savepoint may have to put back: by default in a file, which took three of four writes of a publish.
  database.pragma('temp_store = MEMORY');
  return database;
}
