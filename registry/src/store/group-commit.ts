import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import SQLite from 'better-sqlite3';

/**
 * Runs `work` alone among writers, and resolves when what it did is on disk. `work` uses the connection that
 * this was made of.
 */
export type GroupCommit = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** How long a writer of another process is waited for, in milliseconds. */
const busyTimeout = 10_000;

/** How often it is asked whether that writer is done, in milliseconds: about as long as a commit takes. */
const busyPause = 5;

/** So that neither the first of them nor another process waits for ever: each takes about a millisecond. */
const largestGroup = 32;

/** One writer's part of a transaction. */
interface Part {
  /** Does it, and gives what tells its caller. */
  run(): Promise<() => void>;
  fail(error: unknown): void;
}

/**
 * Writers that wait at the same moment share one transaction and its one fsync. Each has a savepoint: what fails
 * is taken back alone. Nobody is answered before the commit, those who failed included, for they may have failed
 * over what a neighbour did; and where the commit fails, all fail.
 */
export function createGroupCommit(connection: SQLite.Database, beforeCommit: () => void): GroupCommit {
  const waiting: Part[] = [];
  let busy = false;

  async function commitAll(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      // Whatever else is ready to go on does so now, and may join; and the lock is free for other processes.
      await nextTurn();
      await commitGroup(connection, waiting, beforeCommit);
    }
    busy = false;
  }

  return (work) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof work>>>();
    const run = async () => {
      const result = await work();
      return () => resolve(result);
    };
    waiting.push({ run, fail: reject });
    if (!busy) void commitAll();
    return promise;
  };
}

/** Never throws: the parts it took from `waiting` are told how it went. */
async function commitGroup(
  connection: SQLite.Database,
  waiting: Part[],
  beforeCommit: () => void,
): Promise<void> {
  let group: Part[] = [];
  const answers: (() => void)[] = [];
  try {
    await begin(connection).catch((error: unknown) => {
      group = waiting.splice(0);
      throw error;
    });
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      group.push(part);
      answers.push(await runPart(connection, part));
      if (group.length === largestGroup) break;
    }
    beforeCommit();
    connection.exec('commit');
  } catch (error) {
    takeBack(connection);
    for (const part of group) part.fail(error);
    return;
  }
  for (const answer of answers) answer();
}

async function runPart(connection: SQLite.Database, part: Part): Promise<() => void> {
  connection.exec('savepoint part');
  try {
    const answer = await part.run();
    connection.exec('release part');
    return answer;
  } catch (error) {
    // A full disk, among others, ends the whole transaction and takes the neighbours' parts with it.
    if (!connection.inTransaction) throw error;
    connection.exec('rollback to part; release part');
    return () => part.fail(error);
  }
}

function takeBack(connection: SQLite.Database): void {
  try {
    if (connection.open && connection.inTransaction) connection.exec('rollback');
  } catch {
    // What cannot be taken back makes the next `begin` fail: whoever waits for that is told.
  }
}

/**
 * `begin immediate`, not `begin`: a transaction that reads first and writes later would fail with SQLITE_BUSY when
 * another process wrote in between. It is waited for here, and not by SQLite, which would stop every reader.
 */
async function begin(connection: SQLite.Database): Promise<void> {
  const deadline = performance.now() + busyTimeout;
  for (;;) {
    try {
      connection.exec('begin immediate');
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
