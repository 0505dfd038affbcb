import type SQLite from 'better-sqlite3';

/** Which commit a database is at. */
export interface DataVersion {
  /** Another number after each commit, of this process or another: https://sqlite.org/pragma.html#pragma_data_version */
  current(): number;
  /** To be called right before this process commits. */
  beforeCommit(): void;
  close(): void;
}

/** How long the lock is held at a time, and left alone after that and after another process committed. Milliseconds. */
const [longestHold, rest] = [1_000, 100];

/**
 * Asks `reading`. For that SQLite takes a reader's lock on the write-ahead log and gives it back: two calls of the
 * system, which take longer than to find what is remembered. A lock that another connection of the process has it only
 * counts (`unixShmLock` in its os_unix.c), so between commits `open`'s connection has it.
 *
 * The log starts over only when a commit finds no reader in it. So the lock is given back before this process commits,
 * and, for others, after a second; else the log would grow for ever.
 */
export function createDataVersion(reading: SQLite.Database, open: () => SQLite.Database): DataVersion {
  const version = reading.prepare('pragma data_version').pluck();
  let seen: unknown;
  let committing = false;
  let restingSince = Date.now();
  let holder: ReturnType<typeof createHolder> | undefined;
  let timer: NodeJS.Timeout | undefined;

  function hold(): void {
    if (Date.now() - restingSince < rest) return;
    timer = setTimeout(leaveAlone, longestHold).unref();
    try {
      holder ??= createHolder(open());
      holder.begin();
    } catch {
      // It is for speed alone: without the lock each look takes one of its own.
      leaveAlone();
    }
  }

  function release(): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    holder?.end();
  }

  function leaveAlone(): void {
    restingSince = Date.now();
    release();
  }

  return {
    current() {
      const now = version.get() as number;
      if (now !== seen && !committing) leaveAlone();
      committing = false;
      if (timer === undefined) hold();
      seen = now;
      return now;
    },
    beforeCommit() {
      committing = true;
      release();
    },
    close() {
      release();
      holder?.close();
    },
  };
}

function createHolder(connection: SQLite.Database) {
  const [begin, read, end] = ['begin', 'select 1 from sqlite_schema', 'commit'].map((text) =>
    connection.prepare(text),
  );
  return {
    begin() {
      begin?.run();
      // SQLite takes the lock for the first that is read.
      read?.get();
    },
    end() {
      if (connection.inTransaction) end?.run();
    },
    close: () => connection.close(),
  };
}
