import {
  type AbortableOperationOptions,
  type CompiledQuery,
  DefaultConnectionProvider,
  DefaultQueryExecutor,
  Kysely,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
} from 'kysely';

/**
 * Kysely on a connection that nobody has to wait for: better-sqlite3 answers at once, so a query is whole before anybody
 * else can begin one. Kysely's own executor locks the connection for each, which allocates 7 kB and takes as long as SQLite
 * does (measured: half of the memory that a publish allocates). Not for transactions of Kysely: nothing would keep other
 * queries out of them.
 */
export async function createDirectKysely<Schema>(database: SqliteDatabase): Promise<Kysely<Schema>> {
  const dialect = new SqliteDialect({ database });
  const driver = dialect.createDriver();
  await driver.init();
  const executor = new DirectExecutor(database, dialect, new DefaultConnectionProvider(driver));
  return new Kysely<Schema>({ config: { dialect }, dialect, driver, executor });
}

class DirectExecutor extends DefaultQueryExecutor {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase, dialect: SqliteDialect, connections: DefaultConnectionProvider) {
    super(dialect.createQueryCompiler(), dialect.createAdapter(), connections);
    this.#database = database;
  }

  override async executeQuery<Row>(
    query: CompiledQuery,
    options?: AbortableOperationOptions,
  ): Promise<QueryResult<Row>> {
    if (options?.signal !== undefined) throw new Error('a query that is answered at once cannot be aborted');
    const statement = this.#database.prepare(query.sql);
    if (statement.reader) return { rows: statement.all(query.parameters) as Row[] };
    const { changes, lastInsertRowid } = statement.run(query.parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }
}
