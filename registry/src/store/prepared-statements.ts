import type SQLite from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Above this many all are prepared anew: lists of different lengths make texts of their own. */
const mostStatements = 1_000;

/**
 * A connection that keeps what it has prepared. Kysely prepares each query anew, which takes longer than running
 * most of them. SQLite itself prepares again what a change of the schema made invalid.
 */
export function keepPrepared(connection: SQLite.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => void connection.close(),
    prepare(text) {
      const known = statements.get(text);
      if (known !== undefined) return known;
      const statement = connection.prepare(text) as SqliteStatement;
      if (statements.size >= mostStatements) statements.clear();
      statements.set(text, statement);
      return statement;
    },
  };
}
